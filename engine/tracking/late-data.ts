/**
 * The late-data policy (invariant 7): a late, duplicate, future or impossible frame moves no pin
 * and raises no arrival; it is counted. Earlier systems suffered from one future timestamp that
 * froze the pin, from duplicates after a reconnect, and from buffers that were replayed in the
 * wrong order.
 *
 * - duplicate: the device time of the live position again, or a seq among the last 64 that is not
 *   newer.
 * - late: older than the live position.
 * - impossible: too fast (trackingLimits.impossibleSpeedMps) from the live position. Steps that are
 *   each small enough to be noise are measured from the place where these steps began. Three such
 *   points in a row that agree with each other, over ten seconds of the device's clock and of the
 *   engine's, move the pin: then the live position was wrong. Without the ten seconds, three frames
 *   of one message could move a driver anywhere.
 * - future: more than limits.frameFutureMsMax ahead of the engine's clock.
 *
 * A newer frame whose seq is not above the newest one means that the device started to count again.
 */
import { distanceKm } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { suspected, type DriverTable } from '../fleet/driver-table.ts'
import { noiseWindowMs, reanchorConfirmMs } from './limits.ts'
import { trackingLimits } from './limits.ts'

export const verdicts = ['accepted', 'late', 'duplicate', 'future', 'impossible'] as const
export type Verdict = (typeof verdicts)[number]
export const accepted = 0
const late = 1
const duplicate = 2
const future = 3
const impossible = 4

const windowSize = 64
/** A jump below this distance is noise of the receiver, whatever the time between. */
const noiseKm = 0.1
/** A degree of latitude is 111.195 km, and a degree of longitude is never more. */
const metresPerDegree = 111_200

/** Judges a frame and moves the pin if the frame is accepted. Returns the index into `verdicts`. */
export function applyFrame(
  table: DriverTable,
  number: number,
  nowMs: number,
  seq: number,
  atMs: number,
  latitude: number,
  longitude: number,
  headingDeg: number,
  speedMps: number,
): number {
  if (atMs > nowMs + limits.frameFutureMsMax) return future
  if (!table.hasPosition(number)) {
    restartWindow(table, number, seq)
    table.place(number, latitude, longitude, atMs, headingDeg, speedMps)
    return accepted
  }
  const liveAtMs = table.atMs(number)
  if (atMs === liveAtMs) {
    note(table, number, seq)
    return duplicate
  }
  if (seen(table, number, seq)) {
    if (atMs <= liveAtMs) return duplicate
    // The same number with a newer time comes from a device that started again, so it is not the
    // same frame.
    restartWindow(table, number, seq)
  } else if (seq < table.seq[number]! && atMs > liveAtMs) restartWindow(table, number, seq)
  else note(table, number, seq)
  if (atMs < liveAtMs) return late
  if (isImpossible(table, number, liveAtMs, latitude, longitude, atMs)) {
    const before = table.suspect(number)
    const agrees =
      before !== undefined &&
      atMs > before.atMs &&
      !tooFar(before.latitude, before.longitude, before.atMs, latitude, longitude, atMs)
    const { count, firstAtMs, firstHeardMs } = agrees
      ? { ...before, count: before.count + 1 }
      : { count: 1, firstAtMs: atMs, firstHeardMs: nowMs }
    if (
      count < trackingLimits.reanchorFramesMin ||
      atMs - firstAtMs < reanchorConfirmMs ||
      nowMs - firstHeardMs < reanchorConfirmMs
    ) {
      table.setSuspect(number, { latitude, longitude, atMs, count, firstAtMs, firstHeardMs })
      return impossible
    }
  }
  if ((table.flags[number]! & suspected) !== 0) table.clearSuspect(number)
  table.place(number, latitude, longitude, atMs, headingDeg, speedMps)
  return accepted
}

/**
 * Noise is not a speed. But many steps of noise add up: frames at intervals of one millisecond
 * would move the pin anywhere. So steps that are too fast are measured from the place where they
 * began. They are accepted as far as one step of noise, or the fastest driver, could come from
 * there.
 */
function isImpossible(
  table: DriverTable,
  number: number,
  liveAtMs: number,
  latitude: number,
  longitude: number,
  atMs: number,
): boolean {
  const liveLatitude = table.latitude(number)
  const liveLongitude = table.longitude(number)
  const metresMax =
    (Math.abs(latitude - liveLatitude) + Math.abs(longitude - liveLongitude)) * metresPerDegree
  // Nearly every frame ends here, without trigonometry.
  if (metresMax * 1_000 <= trackingLimits.impossibleSpeedMps * (atMs - liveAtMs)) return false
  if (tooFar(liveLatitude, liveLongitude, liveAtMs, latitude, longitude, atMs)) return true
  let start = table.quickStart(number)
  if (start === undefined || liveAtMs - start.atMs >= noiseWindowMs)
    table.setQuickStart(
      number,
      (start = { latitude: liveLatitude, longitude: liveLongitude, atMs: liveAtMs }),
    )
  return tooFar(start.latitude, start.longitude, start.atMs, latitude, longitude, atMs)
}

function tooFar(
  lat1: number,
  lng1: number,
  at1Ms: number,
  lat2: number,
  lng2: number,
  at2Ms: number,
): boolean {
  // A degree of latitude is 111.2 km. Most frames are within noise and need no trigonometry.
  if (Math.abs(lat2 - lat1) < 0.0006 && Math.abs(lng2 - lng1) < 0.0006) return false
  const km = distanceKm(lat1, lng1, lat2, lng2)
  return km > noiseKm && km * 1_000_000 > trackingLimits.impossibleSpeedMps * (at2Ms - at1Ms)
}

function restartWindow(table: DriverTable, number: number, seq: number): void {
  table.seq[number] = seq
  table.windowLow[number] = 1
  table.windowHigh[number] = 0
}

/** Bit 0 of the window is the newest seq, bit k is the number k before it. */
function seen(table: DriverTable, number: number, seq: number): boolean {
  const back = table.seq[number]! - seq
  if (back < 0 || back >= windowSize) return false
  return back < 32
    ? ((table.windowLow[number]! >>> back) & 1) === 1
    : ((table.windowHigh[number]! >>> (back - 32)) & 1) === 1
}

function note(table: DriverTable, number: number, seq: number): void {
  const ahead = seq - table.seq[number]!
  if (ahead > 0) {
    const low = table.windowLow[number]!
    const high = table.windowHigh[number]!
    if (ahead >= windowSize) {
      table.windowLow[number] = 1
      table.windowHigh[number] = 0
    } else if (ahead >= 32) {
      table.windowHigh[number] = ahead === 32 ? low : low << (ahead - 32)
      table.windowLow[number] = 1
    } else {
      table.windowHigh[number] = (high << ahead) | (low >>> (32 - ahead))
      table.windowLow[number] = (low << ahead) | 1
    }
    table.seq[number] = seq
  } else if (-ahead < 32) table.windowLow[number] = (table.windowLow[number]! | (1 << -ahead)) >>> 0
  else if (-ahead < windowSize)
    table.windowHigh[number] = (table.windowHigh[number]! | (1 << (-ahead - 32))) >>> 0
}
