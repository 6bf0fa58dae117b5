/** JSON as it comes from outside: UTF-8, not too deep, and refused in words. */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { httpLimits } from '../kernel/http-limits.ts'

/**
 * The value. Throws `invalid_json` for what is none, and `invalid_request` for one that is nested so deep
 * that code which walks through it by calling itself would run out of stack.
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

/** Of bytes that are JSON: brackets outside of texts. */
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
