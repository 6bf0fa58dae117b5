/** Letters to the people of a pharmacy about their place there. */
import type { MemberRole } from '../../protocol/pharmacies/members.ts'
import type { Message } from '../messenger/carrier.ts'

const letter = (to: string, subject: string, text: string): Message => ({
  channel: 'email',
  to,
  subject,
  text: `${text}\n`,
})

export const roleLetter = (to: string, pharmacy: string, role: MemberRole): Message =>
  letter(to, `Your role at ${pharmacy}`, `You are ${role} of ${pharmacy} from now on.`)

export const endLetter = (to: string, pharmacy: string): Message =>
  letter(
    to,
    `You do not belong to ${pharmacy} any more`,
    `Your account stays, and it sees nothing of ${pharmacy} any more.`,
  )
