/**
 * Signatures of webhook messages: HMAC-SHA256 over `id.timestamp.body`, in the headers of the
 * Standard Webhooks specification, so that a receiver can verify with an existing library. The
 * timestamp is signed too, so a receiver recognises an old message that somebody sends again.
 */
import { createHmac, randomBytes } from 'node:crypto'

const prefix = 'whsec_'
const secretBytes = 32

/** A new signing secret: `whsec_` and 32 random bytes in base64. */
export const newSecret = (): string => prefix + randomBytes(secretBytes).toString('base64')

export interface Message {
  id: string
  timestampSeconds: number
  body: string
}

/** `v1,` and the HMAC in base64. */
function signature(secret: string, { id, timestampSeconds, body }: Message): string {
  const key = Buffer.from(
    secret.startsWith(prefix) ? secret.slice(prefix.length) : secret,
    'base64',
  )
  return `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`
}

/** The three headers of a signed message. */
export const signedHeaders = (secret: string, message: Message): Record<string, string> => ({
  'webhook-id': message.id,
  'webhook-timestamp': String(message.timestampSeconds),
  'webhook-signature': signature(secret, message),
})
