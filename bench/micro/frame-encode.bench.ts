/**
 * Encoding one location frame, as a phone or a service does: ours beside msgpackr and
 * JSON.stringify.
 */
import { pack } from 'msgpackr'
import { encodeFrame, encodeFrames, type LocationFrame } from '../../protocol/river/frames.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { MicroSuite } from './suite.ts'

const framesCount = 960
const framesPerMessage = 64
let sink = 0

async function cases() {
  const random = seededRandom(1)
  const frames: LocationFrame[] = Array.from({ length: framesCount }, (_, seq) => ({
    seq,
    timestampMs: 1_760_000_000_000 + seq,
    latitude: random() * 180 - 90,
    longitude: random() * 360 - 180,
    headingDeg: Math.floor(random() * 360),
    speedMps: Math.fround(random() * 30),
    accuracyM: null,
  }))
  const groups = Array.from({ length: framesCount / framesPerMessage }, (_, group) =>
    frames.slice(group * framesPerMessage, (group + 1) * framesPerMessage),
  )
  const each = (encode: (frame: LocationFrame) => { length: number }) => ({
    operationsPerRun: framesCount,
    run: () => {
      for (const frame of frames) sink += encode(frame).length
    },
  })
  return {
    encodeFrame: each(encodeFrame),
    'encodeFrames, 64 a message': {
      operationsPerRun: framesCount,
      run: () => {
        for (const group of groups) sink += encodeFrames(group).length
      },
    },
    'msgpackr pack': each(
      ({ seq, timestampMs, latitude, longitude, headingDeg, speedMps, accuracyM }) =>
        pack([seq, timestampMs, latitude, longitude, headingDeg, speedMps, accuracyM]),
    ),
    'JSON.stringify': each(
      ({ seq, timestampMs, latitude, longitude, headingDeg, speedMps, accuracyM }) =>
        JSON.stringify({
          type: 'location',
          seq,
          timestamp: timestampMs,
          latitude,
          longitude,
          heading: headingDeg,
          speed: speedMps,
          accuracy: accuracyM,
        }),
    ),
  }
}

export const suite: MicroSuite = {
  name: 'frame-encode',
  title: 'encoding a location frame',
  baseline: 'msgpackr pack',
  cases,
}
