/**
 * Mail over SMTP. Connections are pooled, because the handshake of TLS and sign-in costs more than the
 * mail. Text only: a code needs no picture, and a mail without HTML is filtered less.
 */
import { createTransport } from 'nodemailer'
import { messengerLimits } from './limits.ts'
import { DeliveryError, type Carrier } from './carrier.ts'

const connectionsMax = 2

export function smtpCarrier({ url, from }: { url: string; from: string }): Carrier {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: connectionsMax,
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
        // As an object, so that nothing in it is read as a list of addresses.
        await transport.sendMail({ from, to: { name: '', address: to }, subject, text })
      } catch (error) {
        const { code, responseCode } = error as { code?: string; responseCode?: number }
        // A sign-in that fails is the operator's mistake and may be mended; an address that is none stays so.
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
