/**
 * Locations as JSON, for browsers and for people with a command-line client: one object, or an
 * array of 1 to 64 of them. They are encoded as frames and take the same path as binary ones. An
 * app that streams all day should send binary frames, which cost a tenth.
 */
import { checkFrame, type LocationFrame } from '../../protocol/river/frames.ts'
import { instantMs, instantRule } from '../../protocol/kernel/iso-time.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { DriverStream, Ingest } from './ingest.ts'

type LocationText = Record<string, unknown>

/** True for a location message or an array; no other message is an array. */
export function isLocationText(message: unknown): message is LocationText | unknown[] {
  return (
    Array.isArray(message) ||
    (typeof message === 'object' &&
      message !== null &&
      (message as { type?: unknown }).type === 'location')
  )
}

/**
 * Takes a message that `isLocationText` accepted. As in binary, a false position or time refuses
 * only its own location.
 */
export function takeLocationText(
  ingest: Ingest,
  stream: DriverStream,
  message: LocationText | unknown[],
  nowMs: number,
): void {
  stream.binary = false
  const list = Array.isArray(message) ? message : [message]
  if (list.length === 0 || list.length > limits.framesPerMessageMax) {
    const code = list.length === 0 ? 'frame_malformed' : 'frame_too_many'
    ingest.countRefused(code)
    stream.session.refuse(code, `a message has 1 to ${limits.framesPerMessageMax} locations`)
    return
  }
  const frames: LocationFrame[] = []
  let first: (BadLocation & { index: number }) | null = null
  let refused = 0
  let refusedSeqLast = -1
  // Numbers that the edge supplies follow the highest number so far.
  let seq = stream.highest
  for (const [index, item] of list.entries()) {
    const read = readLocation(item, seq + 1, nowMs)
    const code = 'code' in read ? read.code : checkFrame(read, nowMs)
    if (!('code' in read) && code === null) {
      if (read.seq > seq) seq = read.seq
      frames.push(read)
      continue
    }
    const bad: BadLocation =
      'code' in read ? read : { code: code!, why: whyOf(code!), seq: read.seq }
    refused++
    first ??= { ...bad, index }
    ingest.countRefused(bad.code)
    if (isSeq(bad.seq) && bad.seq > refusedSeqLast) refusedSeqLast = bad.seq
    if (refusedSeqLast > seq) seq = refusedSeqLast
  }
  ingest.takeFrames(stream, frames, refusedSeqLast)
  if (first !== null) tell(stream, first, frames.length > 0, refused, nowMs)
}

interface BadLocation {
  code: Extract<ErrorCode, `frame_${string}`>
  why: string
  seq?: number
}

const isSeq = (seq: unknown): seq is number =>
  Number.isInteger(seq) && (seq as number) >= 0 && (seq as number) <= 0xffff_ffff
const whyOf = (code: string): string =>
  code === 'frame_in_future'
    ? "is ahead of this server's clock"
    : code === 'frame_out_of_range'
      ? 'has a number out of its range, or is at (0, 0), where no device is'
      : 'lacks a number'

/** Only a message that contains no location at all is malformed. */
function tell(
  stream: DriverStream,
  bad: BadLocation & { index: number },
  othersTaken: boolean,
  refused: number,
  nowMs: number,
): void {
  const { code, index } = bad
  const message = `location ${index} ${bad.why}`
  const extra = { index, ...(isSeq(bad.seq) && { seq: bad.seq }), ...(refused > 1 && { refused }) }
  if (code === 'frame_in_future')
    stream.session.report(code, message, { ...extra, server_time_ms: nowMs })
  else if (othersTaken || code === 'frame_out_of_range') stream.session.report(code, message, extra)
  else stream.session.refuse(code, message, extra)
}

/** Unknown fields are ignored, because phones send more than frames have. */
function readLocation(item: unknown, nextSeq: number, nowMs: number): LocationFrame | BadLocation {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return { code: 'frame_malformed', why: 'is not an object' }
  const location = item as LocationText
  if (location['type'] !== 'location')
    return { code: 'frame_malformed', why: 'is not of type location' }
  const { timestamp, latitude, longitude, heading, speed, accuracy } = location
  const seq = (location['seq'] ?? nextSeq) as number
  const timestampMs = typeof timestamp === 'string' ? instantMs(timestamp) : (timestamp ?? nowMs)
  if (timestampMs === null)
    return {
      code: 'frame_out_of_range',
      why: `has a timestamp that ${instantRule}, or ms since 1970`,
      seq,
    }
  return {
    seq,
    timestampMs: timestampMs as number,
    latitude: latitude as number,
    longitude: longitude as number,
    headingDeg: numberOrNull(heading),
    speedMps: numberOrNull(speed),
    accuracyM: numberOrNull(accuracy),
  }
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null)
