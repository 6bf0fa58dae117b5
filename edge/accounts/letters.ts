/**
 * Letters to people. They are short and without links, because criminals send mails that ask people
 * to click.
 */
import type { CodePurpose } from '../../migrations/database/tables.ts'
import { accountLimits } from './account-limits.ts'
import type { Message } from '../messenger/carrier.ts'

const minutes = accountLimits.codeLifeMs / 60_000

/** The message with a one-time code, by the channel of its purpose. */
export function codeLetter(purpose: CodePurpose, to: string, code: string): Message {
  switch (purpose) {
    case 'sign_in_phone':
      return {
        channel: 'sms',
        to,
        subject: '',
        text: `${code} is your Caduceus sign-in code. It is good for ${minutes} minutes. Give it to nobody.`,
      }
    case 'verify_email':
      return {
        channel: 'email',
        to,
        subject: 'Your Caduceus verification code',
        text: `${code} is your code to verify this e-mail address. It is good for ${minutes} minutes.\n\nIf you did not ask for it, do nothing: without the code nothing happens.\n`,
      }
    case 'reset_password':
      return {
        channel: 'email',
        to,
        subject: 'Your Caduceus password reset code',
        text: `${code} is your code to set a new password. It is good for ${minutes} minutes.\n\nIf you did not ask for it, do nothing: your password stays as it is. Give the code to nobody.\n`,
      }
  }
}

/** A letter to the owner of an account about a change of something that opens it. */
export const noticeLetter = (to: string, what: string): Message => ({
  channel: 'email',
  to,
  subject: 'Your Caduceus account',
  text: `${what}\n\nIf this was not you, reset your password: that ends every session of the account.\n`,
})

/**
 * A letter to the owner of an address that was named at a registration, by somebody else or by the
 * owner.
 */
export const namedLetter = (to: string): Message => ({
  channel: 'email',
  to,
  subject: 'Your Caduceus account',
  text:
    'Somebody made an account with this e-mail address, which has one already.\n\n' +
    'If it was you, sign in with the password of your account, or ask for a code to reset it. If it was not, do nothing: the new account cannot see yours.\n',
})
