/** Bounds of conversations that the protocol, the engine and the edge share. */
export const conversationLimits = {
  textCharactersMax: 2_000,
  /** Length of the id that a client gives to its message. */
  clientIdCharactersMax: 100,
  /** Entries that a client may have missed; beyond it the client loads the conversation anew. */
  gapEntriesMax: 300,
  /** Messages that one side may send at once, and then each second. */
  burstMessagesMax: 20,
  messagesPerSecond: 1,
  /** Time for which an actor knows the ids of messages, longer than a command is repeated. */
  recentMs: 60_000,
  /** Number of such ids; more cannot come in that time at the rates above. */
  recentMessagesMax: 512,
} as const
