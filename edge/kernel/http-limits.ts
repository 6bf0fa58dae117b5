/** Bounds of HTTP requests: the size of a body, a form, a list of mistakes and a head. */
export const httpLimits = {
  /**
   * Size of a JSON body, unless its row has another bound. Fifty items with names, notes and an
   * address fit.
   */
  jsonBodyBytesMax: 16 * 1024,
  /**
   * Size of a body that its sender signs, as shops do. Five hundred rows of a kilobyte and the
   * metadata of plugins fit.
   */
  signedBodyBytesMax: 1024 * 1024,
  /** Depth of nested objects and lists. Ours have five; the metadata of a shop may have more. */
  jsonDepthMax: 64,
  /** Mistakes that one refusal names. A caller who mends them all then hears of the next ones. */
  fieldErrorsMax: 8,
  /** Length of a field name or a choice that a refusal repeats. */
  echoedCharactersMax: 64,
  /** Parts of a form with its files; no form of ours has so many fields. */
  formPartsMax: 32,
  formNameBytesMax: 100,
  /** Size of all texts of a form together. */
  formTextBytesMax: 16 * 1024,
  /**
   * Size of all header lines of a request together. A cookie of another service on the host, or
   * headers of a proxy, fit.
   */
  headBytesMax: 16 * 1024,
} as const
