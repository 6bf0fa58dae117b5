/** Bounds of drivers' devices: their number, their messages, and the memory that they take. */
import { limits, relation } from '../../protocol/kernel/limits.ts'

export const deviceLimits = {
  /** Devices of one driver that have not ended. */
  devicesPerDriverMax: 5,
  /** Ended devices of one driver that the list still shows. */
  endedDevicesPerDriverMax: 20,
  /** Random bytes of a device's secret. */
  secretBytes: 24,
  /** An OwnTracks phone pads its passphrase with zeros to so many bytes, and cuts off the rest. */
  passphraseBytes: 32,
  bodyBytesMax: 64 * 1024,
  /** Positions of one request that are read. */
  positionsPerRequestMax: 256,
  /** Length of a number or a time that is read from text. */
  numberCharactersMax: 64,
  /** Devices whose last positions an edge remembers, to know a repeated one. */
  replayDevicesMax: 4_000,
  replayPositionsPerDevice: 64,
  replayMs: 10 * 60_000,
  /** Shortest time between two writes of the record of one device. */
  recordIntervalMs: 60_000,
  /** Time after which a figure is written although its device was not heard again. */
  flushIntervalMs: 10 * 60_000,
  /** Longest wait for the bus to take the positions of one request. */
  handoverMsMax: 4_000,
} as const

relation(
  deviceLimits.positionsPerRequestMax % limits.framesPerMessageMax === 0,
  'a full request is a number of full messages',
)
