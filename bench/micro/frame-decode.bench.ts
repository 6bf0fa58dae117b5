/**
 * Decoding one location frame: our codec, which validates, beside msgpackr and JSON.parse, which do
 * not. A thousand different messages keep the branch predictor from learning them.
 */
import { pack, unpack } from 'msgpackr'
import {
  encodeFrame,
  encodeFrames,
  FrameReader,
  type LocationFrame,
} from '../../protocol/river/frames.ts'
import {
  entryHead,
  LocationBatch,
  LocationBatchReader,
} from '../../protocol/river/location-batch.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { MicroSuite } from './suite.ts'

const messages = 1000
const nowMs = 1_760_000_000_000

function randomFrames(seed: number): LocationFrame[] {
  const random = seededRandom(seed)
  return Array.from({ length: messages }, (_, seq) => ({
    seq,
    timestampMs: nowMs - Math.floor(random() * 60_000),
    latitude: random() * 180 - 90,
    longitude: random() * 360 - 180,
    headingDeg: random() < 0.2 ? null : Math.floor(random() * 360),
    speedMps: random() < 0.2 ? null : random() * 30,
    accuracyM: Math.fround(random() * 50),
  }))
}

const asArray = (frame: LocationFrame): unknown[] => [
  frame.seq,
  frame.timestampMs,
  frame.latitude,
  frame.longitude,
  frame.headingDeg,
  frame.speedMps,
  frame.accuracyM,
]

let sink = 0

async function cases() {
  const frames = randomFrames(1)
  const binary = frames.map(encodeFrame)
  const packed = frames.map(frame => pack(asArray(frame)))
  const json = frames.map(frame =>
    JSON.stringify({
      type: 'location',
      seq: frame.seq,
      timestamp: frame.timestampMs,
      latitude: frame.latitude,
      longitude: frame.longitude,
      heading: frame.headingDeg,
      speed: frame.speedMps,
      accuracy: frame.accuracyM,
    }),
  )
  const grouped = Array.from({ length: 15 }, (_, group) =>
    encodeFrames(frames.slice(group * 64, group * 64 + 64)),
  )
  const reader = new FrameReader()

  const batch = new LocationBatch(1 << 20)
  const heads = Array.from({ length: 100 }, (_, driver) =>
    entryHead(`0190a5a0-1234-7abc-8def-${String(driver).padStart(12, '0')}`),
  )
  const head = heads[0]!
  for (const bytes of binary) batch.append(head, reader, 0, reader.read(bytes, nowMs))
  const sameDriver = batch.take().slice()
  for (const [index, bytes] of binary.entries())
    batch.append(heads[index % heads.length]!, reader, 0, reader.read(bytes, nowMs))
  const otherDrivers = batch.take().slice()
  const batchReader = new LocationBatchReader()

  return {
    'FrameReader, one frame a message': {
      operationsPerRun: messages,
      run: () => {
        for (const bytes of binary) if (reader.read(bytes, nowMs) === 1) sink += reader.latitude[0]!
      },
    },
    'FrameReader, 64 frames a message': {
      operationsPerRun: grouped.length * 64,
      run: () => {
        for (const bytes of grouped)
          if (reader.read(bytes, nowMs) === 64) sink += reader.latitude[63]!
      },
    },
    'FrameReader, frames packed by msgpackr': {
      operationsPerRun: messages,
      run: () => {
        for (const bytes of packed) if (reader.read(bytes, nowMs) === 1) sink += reader.latitude[0]!
      },
    },
    'read and append to a LocationBatch': {
      operationsPerRun: messages,
      run: () => {
        for (const bytes of binary)
          if (reader.read(bytes, nowMs) === 1) batch.append(head, reader, 0, 1)
        sink += batch.take().length
      },
    },
    'LocationBatchReader, each entry of another driver': {
      operationsPerRun: messages,
      run: () => {
        batchReader.open(otherDrivers, nowMs)
        while (batchReader.next()) sink += batchReader.latitude + batchReader.id3
      },
    },
    'LocationBatchReader, all of one driver': {
      operationsPerRun: messages,
      run: () => {
        batchReader.open(sameDriver, nowMs)
        while (batchReader.next()) sink += batchReader.latitude + batchReader.id3
      },
    },
    'msgpackr unpack': {
      operationsPerRun: messages,
      run: () => {
        for (const bytes of binary) sink += (unpack(bytes) as number[])[2]!
      },
    },
    'JSON.parse': {
      operationsPerRun: messages,
      run: () => {
        for (const text of json) sink += (JSON.parse(text) as { latitude: number }).latitude
      },
    },
  }
}

export const suite: MicroSuite = {
  name: 'frame-decode',
  title: 'decoding a location frame',
  baseline: 'msgpackr unpack',
  cases,
}
