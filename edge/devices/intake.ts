/**
 * From the messages of a phone to the river. A phone repeats a refused request for ever and sends
 * nothing behind it, so everything that will never be used is taken with a success and counted. A
 * phone hears a refusal only when its device is unknown or has ended, and when it should come again
 * later.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { LocationFrame } from '../../protocol/river/frames.ts'
import type { Kernel, WithMetrics } from '../kernel/kernel.ts'
import type { WithRates } from '../rate/rate-limits.ts'
import { deviceOf, type DeviceContext, type KnownDevice } from './devices.ts'
import type { Fix, Reading, Unusable } from './fix.ts'
import type { Message } from './message.ts'
import type { DevicesMetrics } from './metrics.ts'
import { readNeutral } from './neutral.ts'
import { readOwnTracks } from './owntracks.ts'
import type { DeviceRecords } from './records.ts'
import type { Replays } from './replays.ts'
import { frameOf, refusalOf, type DeviceRiver } from './river.ts'
import { readTraccar } from './traccar.ts'

export const protocols = ['osmand', 'owntracks', 'position'] as const
export type Protocol = (typeof protocols)[number]

export type Outcome = 'taken' | 'duplicate' | 'off_duty' | 'future' | 'out_of_range' | Unusable
/** How many messages of a request had each outcome. */
export type Outcomes = ReadonlyMap<Outcome, number>

export type IntakeContext = DeviceContext &
  Pick<Kernel, 'metrics'> &
  WithRates &
  WithMetrics<DevicesMetrics>

export interface IntakeParts {
  river: DeviceRiver
  replays: Replays
  records: DeviceRecords
}

/**
 * Takes one request of a phone. Throws `not_found`, `too_many_requests`, and `unavailable` when the
 * bus does not take the positions.
 */
export async function takeMessage(
  ctx: IntakeContext,
  { river, replays, records }: IntakeParts,
  secret: string,
  protocol: Protocol,
  message: Message,
): Promise<Outcomes> {
  const device = await deviceOf(ctx, secret)
  await refuseTooMany(ctx, device.id)
  const outcomes = new Map<Outcome, number>()
  const count = (outcome: Outcome, more: number): void => {
    if (more > 0) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + more)
  }
  const readings = read(device, protocol, message)
  const fixes: Fix[] = []
  for (const reading of readings)
    if (typeof reading === 'string') count(reading, 1)
    else fixes.push(reading)
  const frames = device.onDuty ? framesOf(ctx, fixes, outcome => count(outcome, 1)) : []
  if (!device.onDuty) count('off_duty', fixes.length)
  const fresh = replays.fresh(
    device.id,
    frames.map(({ frame }) => frame),
  )
  count('duplicate', frames.length - fresh.length)
  if (fresh.length > 0) await river.hand(device.driverId, fresh)
  replays.note(device.id, fresh)
  count('taken', fresh.length)
  for (const [outcome, times] of outcomes)
    ctx.metrics.devicePositions.inc({ protocol, outcome }, times)
  const simulated = frames.filter(({ fix, frame }) => fix.simulated && fresh.includes(frame)).length
  if (simulated > 0) ctx.metrics.deviceSimulated.inc({ protocol }, simulated)
  records.note(device.id, {
    protocol,
    taken: fresh.length,
    simulated,
    batteryPercent: device.onDuty ? (fixes.at(-1)?.batteryPercent ?? null) : null,
  })
  return outcomes
}

/**
 * A device with a passphrase speaks OwnTracks alone. On the other paths a sender who knows only the
 * secret could get around the passphrase.
 */
function read(device: KnownDevice, protocol: Protocol, message: Message): readonly Reading[] {
  if (protocol === 'owntracks') return readOwnTracks(message, device.passphrase)
  if (device.passphrase !== null) return ['undecryptable']
  return protocol === 'osmand' ? readTraccar(message) : readNeutral(message)
}

/** The frames that the river takes, oldest first. */
function framesOf(
  ctx: IntakeContext,
  fixes: readonly Fix[],
  refuse: (outcome: Outcome) => void,
): { fix: Fix; frame: LocationFrame }[] {
  const nowMs = ctx.nowMs()
  return fixes
    .map(fix => ({ fix, frame: frameOf(fix, nowMs) }))
    .filter(({ frame }) => {
      const refusal = refusalOf(frame, nowMs)
      if (refusal !== null) refuse(refusal)
      return refusal === null
    })
    .toSorted((a, b) => a.frame.timestampMs - b.frame.timestampMs)
}

/**
 * A device counts as an account that asks without a token, beside its address. A phone that hears
 * 429 waits and loses nothing.
 */
async function refuseTooMany(ctx: IntakeContext, deviceId: string): Promise<void> {
  const verdict = await ctx.rates?.count('public', 'account', `device ${deviceId}`)
  if (verdict === undefined || verdict.allowed) return
  ctx.metrics.rateLimited.inc({ class: 'public', by: 'account' })
  throw new CaduceusError(
    'too_many_requests',
    `too many requests of this device; try again in ${verdict.resetSeconds} s`,
    undefined,
    verdict.resetSeconds,
  )
}
