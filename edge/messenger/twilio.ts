/**
 * SMS over Twilio's HTTP API. Rejected: Twilio's own package, about twenty megabytes for one POST
 * with a form.
 */
import { messengerLimits } from './limits.ts'
import { DeliveryError, type Carrier } from './carrier.ts'

interface TwilioSettings {
  accountSid: string
  authToken: string
  from: string
  /** Without a slash at its end. */
  baseUrl: string
}

/** A carrier for one Twilio account, or for a service with the same API. */
export function twilioCarrier({ accountSid, authToken, from, baseUrl }: TwilioSettings): Carrier {
  const url = `${baseUrl}/2010-04-01/Accounts/${accountSid}/Messages.json`
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  return {
    name: 'twilio',
    async send({ to, text }) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams({ To: to, From: from, Body: text }),
        redirect: 'error',
        signal: AbortSignal.timeout(messengerLimits.messageTimeoutMs),
      }).catch((error: unknown) => {
        throw new DeliveryError(
          `Twilio: ${error instanceof Error ? error.name : 'no answer'}`,
          false,
        )
      })
      // The body is always read, because an unread body keeps its connection.
      const answer = (await response.json().catch(() => null)) as { code?: unknown } | null
      if (response.ok) return
      const detail = typeof answer?.code === 'number' ? `, code ${answer.code}` : ''
      throw new DeliveryError(
        `Twilio: ${response.status}${detail}`,
        response.status < 500 && response.status !== 429,
      )
    },
    close() {},
  }
}
