/** The port for what leaves by mail or SMS. An adapter delivers one message, once; repeating is the messenger's. */
export type Channel = 'email' | 'sms'

export interface Message {
  channel: Channel
  /** An e-mail address, or a phone number in international form. */
  to: string
  /** Mails only; an SMS has none. */
  subject: string
  text: string
}

export interface Carrier {
  readonly name: 'smtp' | 'twilio' | 'outbox'
  /** Resolves when the other side has taken it. Throws DeliveryError. */
  send(message: Message): Promise<void>
  close(): void
}

/** Its text names no recipient and no content: it goes to the log. */
export class DeliveryError extends Error {
  /** The other side refused it and will again. */
  readonly permanent: boolean
  constructor(message: string, permanent: boolean) {
    super(message)
    this.name = 'DeliveryError'
    this.permanent = permanent
  }
}
