/** Bounds of exports of the custody log. An export comes from a stranger, so each part is bounded. */
export const custodyLogLimits = {
  /** The whole file. Parsed, the worst file of this size takes about a hundred megabytes. */
  exportBytesMax: 8 * 1024 * 1024,
  entriesMax: 2000,
  entryBytesMax: 16 * 1024,
  entryDepthMax: 16,
  subjectCharactersMax: 200,
  checkpointsMax: 64,
  witnessesMax: 16,
  noteBytesMax: 16 * 1024,
  /** The format of notes asks for at least 16. */
  signaturesMax: 32,
  keyNameCharactersMax: 200,
  /** Sizes of trees are safe integers, so no path has more hashes than two for each of 53 levels. */
  proofHashesMax: 110,
}
