/**
 * JSON from outside: it must be UTF-8 and not nested too deep, and a refusal explains the mistake.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { httpLimits } from '../kernel/http-limits.ts'

/**
 * The value. Throws `invalid_json` for text that is not JSON. Throws `invalid_request` for a value
 * nested so deep that recursive code would run out of stack.
 */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(bytes))
  } catch {
    throw new CaduceusError('invalid_json', 'the body is not valid JSON in UTF-8')
  }
  if (depthOf(bytes) > httpLimits.jsonDepthMax)
    throw new CaduceusError(
      'invalid_request',
      `the body has more than ${httpLimits.jsonDepthMax} lists and objects within each other`,
    )
  return value
}
const utf8 = new TextDecoder('utf-8', { fatal: true })

const quote = 0x22
const backslash = 0x5c

/** Depth of JSON bytes: brackets inside texts do not count. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === quote) {
      for (at++; bytes[at] !== quote; at++) if (bytes[at] === backslash) at++
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > deepest) deepest = depth
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return deepest
}
