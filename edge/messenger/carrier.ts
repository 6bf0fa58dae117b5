/** The port for mails and SMS. An adapter delivers one message once; the messenger repeats. */
export type Channel = 'email' | 'sms'

export interface Message {
  channel: Channel
  /** An e-mail address, or a phone number in international form. */
  to: string
  /** Subject of a mail; an SMS has none. */
  subject: string
  text: string
}

export interface Carrier {
  readonly name: 'smtp' | 'twilio' | 'outbox'
  /** Resolves when the other side has accepted the message. Throws DeliveryError. */
  send(message: Message): Promise<void>
  close(): void
}

/** Its text goes to the log, so it names no recipient and no content. */
export class DeliveryError extends Error {
  /** True when the other side refused the message and will refuse it again. */
  readonly permanent: boolean
  constructor(message: string, permanent: boolean) {
    super(message)
    this.name = 'DeliveryError'
    this.permanent = permanent
  }
}
