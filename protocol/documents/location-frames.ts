/**
 * JSON schemas of location frames, of batches of frames and of their acknowledgement. They are
 * msgpack arrays that no other schema describes.
 */
import { limits } from '../kernel/limits.ts'

const nilable = (schema: object) => ({ anyOf: [schema, { type: 'null' }] })
export const Frame = {
  type: 'array',
  minItems: 7,
  maxItems: 7,
  additionalItems: false,
  description:
    'A location frame, a msgpack array of 7: seq (uint32), timestamp_ms (uint53), latitude, longitude, heading in degrees or nil, speed in m/s or nil, accuracy in m or nil. ' +
    `Timestamps at most ${limits.frameFutureMsMax / 1000} s ahead.`,
  items: [
    { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1, title: 'seq' },
    { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, title: 'timestamp_ms' },
    { type: 'number', minimum: -90, maximum: 90, title: 'latitude' },
    { type: 'number', minimum: -180, maximum: 180, title: 'longitude' },
    { ...nilable({ type: 'number', minimum: 0, exclusiveMaximum: 360 }), title: 'heading' },
    { ...nilable({ type: 'number', minimum: 0, maximum: 150 }), title: 'speed' },
    { ...nilable({ type: 'number', exclusiveMinimum: 0 }), title: 'accuracy' },
  ],
}
export const LocationFrames = {
  description: `One frame, or an array of 1 to ${limits.framesPerMessageMax}, oldest first`,
  anyOf: [
    Frame,
    { type: 'array', minItems: 1, maxItems: limits.framesPerMessageMax, items: Frame },
  ],
}
export const LocationBatch = {
  type: 'array',
  items: {
    type: 'array',
    minItems: 2,
    maxItems: 2,
    items: [{ type: 'string', format: 'uuid', title: 'driver_id' }, Frame],
  },
  description: "Pairs of a driver's id and a frame",
}
export const AckFrame = {
  type: 'array',
  minItems: 2,
  maxItems: 2,
  items: [{ const: 'ack' }, { type: 'integer', title: 'seq' }],
  description: 'Every frame up to seq has been handed to the bus',
}
export const frame = [118, 1_790_000_000_000, 27.7145, 85.3271, 180, 8, 5]
