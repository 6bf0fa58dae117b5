/**
 * OwnTracks in its HTTP mode (the booklet of OwnTracks, commit 8a5a1508, HTTP and JSON). One JSON
 * object comes at a time. A `location` is a position; all other types (`lwt`, `transition`,
 * `waypoint`, `waypoints`, `status`, `steps`, `dump`, `cmd`, `card`, `configuration`, `request` and
 * those to come) are taken and not used. An `encrypted` object holds one of them, sealed with
 * libsodium's secretbox under the passphrase, which is padded with zeros to 32 bytes.
 *
 * A phone with a passphrase sends everything sealed, so an open message of such a device did not
 * come from it. The key is the proof of the sender where the path has leaked.
 */
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import { fieldsOf, fixOf, knownOf, listOf, percentOf, speedOf, type Reading } from './fix.ts'
import { contentOf, readAll, type Message } from './message.ts'
import { deviceLimits } from './limits.ts'

const nonceBytes = 24

/** `passphrase` is null for a device that sends in plain text. Never throws. */
export function readOwnTracks(
  { body }: Pick<Message, 'body'>,
  passphrase: string | null,
): readonly Reading[] {
  const content = contentOf(body)
  if (content === 'empty') return ['no_position']
  if (content === 'unreadable' || 'form' in content) return ['unreadable']
  return readAll(listOf(content.json), item => {
    const message = fieldsOf(item)
    if (message === null) return 'unreadable'
    if (message.get('_type') !== 'encrypted')
      return passphrase === null ? readMessage(item) : 'undecryptable'
    const opened = passphrase === null ? null : open(message.get('data'), passphrase)
    const inner = contentOf(opened)
    return typeof inner === 'object' && 'json' in inner ? readMessage(inner.json) : 'undecryptable'
  })
}

/** The bytes of a sealed message; null when they do not open. */
function open(data: unknown, passphrase: string): Uint8Array | null {
  if (typeof data !== 'string') return null
  const sealed = Buffer.from(data, 'base64')
  try {
    return xsalsa20poly1305(keyOf(passphrase), sealed.subarray(0, nonceBytes)).decrypt(
      sealed.subarray(nonceBytes),
    )
  } catch {
    return null
  }
}

/** The key that a phone makes of the passphrase. */
export function keyOf(passphrase: string): Uint8Array {
  const key = new Uint8Array(deviceLimits.passphraseBytes)
  key.set(Buffer.from(passphrase).subarray(0, key.length))
  return key
}

function readMessage(value: unknown): Reading {
  const message = fieldsOf(value)
  if (message === null) return 'unreadable'
  if (message.get('_type') !== 'location') return 'no_position'
  return fixOf(
    { latitude: message.get('lat'), longitude: message.get('lon'), at: message.get('tst') },
    {
      headingDeg: knownOf(message.get('cog')),
      speedMps: speedOf(message.get('vel'), 'kmh'),
      accuracyM: knownOf(message.get('acc')),
      batteryPercent: percentOf(message.get('batt')),
      simulated: false,
    },
  )
}
