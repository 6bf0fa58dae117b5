/** Configuration of the delivery of mails and SMS. */
import {
  ConfigError,
  isBaseUrl,
  isUrlOf,
  textVariable,
  withoutSlashAtEnd,
  type Environment,
} from '../../protocol/kernel/environment.ts'

/** The configured carriers; null for a missing one. */
export interface DeliveryConfig {
  /** True when NODE_ENV is `production`; then there is no development outbox. */
  production: boolean
  smtp: { url: string; from: string } | null
  twilio: { accountSid: string; authToken: string; from: string; baseUrl: string } | null
}

export interface MessengerConfig {
  delivery: DeliveryConfig
}

/** Reads SMTP_URL, MAIL_FROM and the TWILIO_ variables. Throws ConfigError. */
export const readMessengerConfig = (environment: Environment): MessengerConfig => ({
  delivery: readDelivery(name => textVariable(environment, name)),
})

function readDelivery(text: (name: string) => string | null): DeliveryConfig {
  const smtpUrl = text('SMTP_URL')
  if (smtpUrl !== null && !isUrlOf(smtpUrl, ['smtp:', 'smtps:']))
    throw new ConfigError('SMTP_URL is not a URL such as smtps://user:password@smtp.example.org')
  if (smtpUrl === null && text('MAIL_FROM') !== null)
    throw new ConfigError('MAIL_FROM is set and SMTP_URL is not; set that too, or unset it')
  const url = smtpUrl === null ? null : new URL(smtpUrl)
  // Gmail and most others sign in with the sending address.
  const user = decodeURIComponent(url?.username ?? '')
  const from = text('MAIL_FROM') ?? (user.includes('@') ? user : null)
  if (url !== null && from === null)
    throw new ConfigError(
      'MAIL_FROM is not set and SMTP_URL names no e-mail; set it to the sender, for instance MAIL_FROM="Caduceus <no-reply@example.org>"',
    )

  const [accountSid, authToken, sender] = [
    text('TWILIO_ACCOUNT_SID'),
    text('TWILIO_AUTH_TOKEN'),
    text('TWILIO_FROM'),
  ]
  const baseUrl = text('TWILIO_BASE_URL') ?? 'https://api.twilio.com'
  if (!isBaseUrl(baseUrl))
    throw new ConfigError('TWILIO_BASE_URL is not a URL such as https://api.twilio.com')
  const given = [accountSid, authToken, sender].filter(value => value !== null).length
  if (given === 0 && text('TWILIO_BASE_URL') !== null)
    throw new ConfigError(
      'TWILIO_BASE_URL is set and TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM are not; set those too, or unset it',
    )
  if (given !== 0 && given !== 3)
    throw new ConfigError(
      'TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM belong together; set all three or none',
    )
  if (accountSid !== null && !/^\w{1,64}$/.test(accountSid))
    throw new ConfigError('TWILIO_ACCOUNT_SID is not an account SID such as AC0123456789abcdef')
  return {
    production: text('NODE_ENV') === 'production',
    smtp: smtpUrl === null || from === null ? null : { url: smtpUrl, from },
    twilio:
      accountSid === null || authToken === null || sender === null
        ? null
        : { accountSid, authToken, from: sender, baseUrl: withoutSlashAtEnd(baseUrl) },
  }
}
