/** Bounds of conversations at the edge. */
export const chatLimits = {
  /** Time after its order for which customer and pharmacy may still write to each other. */
  pharmacyOpenMs: 7 * 24 * 3_600_000,
  /** The same for customer and driver; it is short, as a lost scarf is found soon. */
  deliveryOpenMs: 30 * 60_000,
  /** A conversation with support closes after this silence. */
  supportQuietMs: 14 * 24 * 3_600_000,
  retentionDaysDefault: 365,
  retentionDaysMin: 1,
  retentionDaysMax: 3_650,
  /** Conversations that one run of the housekeeping ends, and that it deletes. */
  conversationsPerSweepMax: 500,
  /** Conversations in the greeting of a socket. */
  greetedConversationsMax: 100,
  /**
   * Size of a gap as JSON that a socket is told; beyond it the client loads the conversation anew. A
   * quarter of what a socket may have queued.
   */
  gapBytesMax: 256 * 1024,
  /** Gaps of one socket that wait for their turn. */
  resumesWaitingMax: 200,
  /** A notice that support has read a conversation is written at most once in this time. */
  lookedInMs: 3_600_000,
  reportTextCharactersMax: 1_000,
  /** Reports of one side about one conversation that wait for a decision. */
  openReportsMax: 10,
  reportsShownMax: 100,
  searchCharactersMax: 100,
  /** Conversations whose keys one statement of a search has. */
  searchedAtOnceMax: 500,
  /** Stored texts that the job that seals them reads at once. */
  sealPageRows: 200,
  /** Messages that are taken back at once at an edge, those that wait too, and of a conversation. */
  takenBackAtOnce: 2,
  takenBackWaitingMax: 64,
  takenBackPerConversationMax: 8,
  /** Time for which presence holds, seconds, and the shortest pause between two of a socket, ms. */
  presenceSeconds: 30,
  presencePauseMs: 1_000,
  /** Conversations whose sides a socket remembers, and for how long. */
  knownConversationsMax: 100,
  knownMs: 30_000,
  /** After the bus was away, sockets are told of their conversations within this time. */
  returnSpreadMs: 5_000,
} as const
