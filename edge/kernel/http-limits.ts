/** Bounds of the HTTP door: what a body, a form, a list of mistakes and a header may be at most. */
export const httpLimits = {
  /** Of a JSON body, unless its row says otherwise: fifty items with names, notes and an address have room in it. */
  jsonBodyBytesMax: 16 * 1024,
  /** Of a body that its sender signs, as shops do: five hundred rows, of which each has a kilobyte and the metadata of plugins. */
  signedBodyBytesMax: 1024 * 1024,
  /** Objects and lists within each other; ours have five. A shop's metadata may have more. */
  jsonDepthMax: 64,
  /** Mistakes that one refusal names. Whoever mends them all hears of the next ones. */
  fieldErrorsMax: 8,
  /** Of a field's name or a choice that a refusal repeats. */
  echoedCharactersMax: 64,
  /** Parts of a form, files included; no form of ours has as many fields. */
  formPartsMax: 32,
  formNameBytesMax: 100,
  /** Of all texts of a form together. */
  formTextBytesMax: 16 * 1024,
  /** Of the lines of a request's head together; a cookie of another service on the host, or what a proxy adds, has room in it. */
  headBytesMax: 16 * 1024,
} as const
