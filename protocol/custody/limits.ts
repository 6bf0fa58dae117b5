/** Bounds of what an order keeps for its custody. An order must fit a message of the bus. */
export const custodyBounds = {
  sealCharactersMax: 64,
  /** Of a scanned code. */
  codeCharactersMax: 200,
  packagesMax: 50,
  agentsMax: 5,
  /** Breaks of a chain; a chain with more is over for good. */
  breaksMax: 20,
  /** Wrong codes at the door until the customer must ask for a new one. */
  codeTriesMax: 5,
  /** New codes of an order. */
  codeGenerationsMax: 10,
  celsiusMin: -100,
  celsiusMax: 100,
  /** Of the serial number of a thermometer. */
  deviceCharactersMax: 64,
  /** Readings of one message; it fits the bound of a socket's message. */
  readingsPerMessageMax: 100,
  /** Thermometers of an order. */
  devicesMax: 4,
  /** Readings in a row that may be missing before a series proves nothing. */
  missingReadingsMax: 2,
  /** A calibration is good for a year, ms; a day of grace for leap years. */
  calibrationMs: 366 * 24 * 3_600_000,
  /** A clock of a phone may run this far ahead, ms. */
  aheadMs: 30_000,
  /** Longest time after which a phone without a connection hands in what happened, ms. */
  lateMs: 3 * 24 * 3_600_000,
} as const
