/** Bounds of conversations that the protocol, the engine and the edge share. */
export const conversationLimits = {
  textCharactersMax: 2_000,
  /**
   * A text as an envelope: four bytes a character and 28 of the cipher, in Base64url, after a head of
   * 40 characters.
   */
  sealedTextCharactersMax: 40 + Math.ceil(((4 * 2_000 + 28) * 4) / 3),
  /** Its marks: 12 characters for a word, and a hyphen, a dot or a slash makes a few words of one. */
  marksCharactersMax: 12 * 2 * 2_000,
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
