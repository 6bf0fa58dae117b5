/**
 * Locations as JSON, for browsers and for people with a command-line client: one object, or an array of
 * 1 to 64 of them. They are re-encoded as frames and take the same way as binary ones; an app that
 * streams all day should send bytes, which cost a tenth.
 */
import { checkFrame, type LocationFrame } from '../../protocol/frames.ts'
import { limits } from '../../protocol/limits.ts'
import type { ErrorCode } from '../../protocol/errors.ts'
import type { DriverStream, Ingest } from './ingest.ts'

type LocationText = Record<string, unknown>
const fields = new Set(['type', 'seq', 'timestamp', 'latitude', 'longitude', 'heading', 'speed', 'accuracy'])

/** A location message or an array, which nothing else is. */
export function isLocationText(message: unknown): message is LocationText | unknown[] {
  return Array.isArray(message) || (typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'location')
}

/** Checks all, then takes all: a message with one bad location is refused whole, as in binary. */
export function takeLocationText(ingest: Ingest, stream: DriverStream, message: LocationText | unknown[], nowMs: number): void {
  stream.binary = false
  const list = Array.isArray(message) ? message : [message]
  if (list.length === 0 || list.length > limits.framesPerMessageMax) {
    const code = list.length === 0 ? 'frame_malformed' : 'frame_too_many'
    ingest.countRefused(code)
    stream.session.refuse(code, `a message has 1 to ${limits.framesPerMessageMax} locations`)
    return
  }
  const frames: LocationFrame[] = []
  // Numbers that the edge supplies follow those it has seen.
  let seq = stream.highest
  for (const [index, item] of list.entries()) {
    const read = readLocation(item, seq + 1, nowMs)
    if ('code' in read) {
      refuse(ingest, stream, read, index, nowMs)
      return
    }
    const code = checkFrame(read, nowMs)
    if (code !== null) {
      refuse(ingest, stream, { code, why: code === 'frame_in_future' ? 'is ahead of this server\'s clock' : 'has a number out of its range', seq: read.seq }, index, nowMs)
      return
    }
    if (read.seq > seq) seq = read.seq
    frames.push(read)
  }
  ingest.takeFrames(stream, frames)
}

interface BadLocation { code: Extract<ErrorCode, `frame_${string}`>; why: string; seq?: number }

function refuse(ingest: Ingest, stream: DriverStream, bad: BadLocation, index: number, nowMs: number): void {
  ingest.countRefused(bad.code)
  const message = `location ${index} ${bad.why}`
  if (bad.code === 'frame_in_future') stream.session.report(bad.code, message, { seq: bad.seq!, server_time_ms: nowMs })
  else stream.session.refuse(bad.code, message, { index })
}

function readLocation(item: unknown, nextSeq: number, nowMs: number): LocationFrame | BadLocation {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return { code: 'frame_malformed', why: 'is not an object' }
  const location = item as LocationText
  if (location['type'] !== 'location') return { code: 'frame_malformed', why: 'is not of type location' }
  for (const name in location) if (!fields.has(name)) return { code: 'frame_malformed', why: `has an unknown field ${JSON.stringify(name.slice(0, 40))}` }
  const { seq, timestamp, latitude, longitude, heading, speed, accuracy } = location
  return {
    seq: (seq ?? nextSeq) as number,
    timestampMs: (typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp ?? nowMs) as number,
    latitude: latitude as number,
    longitude: longitude as number,
    headingDeg: (heading ?? null) as number | null,
    speedMps: (speed ?? null) as number | null,
    accuracyM: (accuracy ?? null) as number | null,
  }
}
