/**
 * Mail over SMTP. Connections are pooled, because TLS and sign-in cost more than the mail. Text
 * only: a code needs no picture, and a mail without HTML is filtered less often.
 */
import { createTransport } from 'nodemailer'
import { messengerLimits } from './limits.ts'
import { DeliveryError, type Carrier } from './carrier.ts'

/** A carrier for the server of an `smtp:` or `smtps:` URL. */
export function smtpCarrier({ url, from }: { url: string; from: string }): Carrier {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: messengerLimits.smtpConnectionsMax,
    maxRequeues: 0,
    connectionTimeout: messengerLimits.messageTimeoutMs,
    greetingTimeout: messengerLimits.messageTimeoutMs,
    socketTimeout: messengerLimits.messageTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    name: 'smtp',
    async send({ to, subject, text }) {
      try {
        // The recipient is an object, so that no text in it is read as a list of addresses.
        await transport.sendMail({ from, to: { name: '', address: to }, subject, text })
      } catch (error) {
        const { code, responseCode } = error as { code?: string; responseCode?: number }
        // A failed sign-in is the operator's mistake and may be corrected; an invalid address stays
        // invalid.
        const permanent =
          responseCode === undefined
            ? code === 'EENVELOPE'
            : responseCode >= 500 && code !== 'EAUTH'
        throw new DeliveryError(
          `SMTP: ${code ?? 'failed'}${responseCode === undefined ? '' : ` ${responseCode}`}`,
          permanent,
        )
      }
    },
    close: () => transport.close(),
  }
}
