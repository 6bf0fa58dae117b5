/** The callers that the operations of this feature answer. */
import { admins, signedIn, type Caller } from '../kernel/access.ts'

/** The conversation of the access test is one of the customer and the pharmacy. */
const both: readonly Caller[] = ['customer', 'vendor']
const bothAndSupport: readonly Caller[] = [...both, 'admin']

export const access: Readonly<Record<string, readonly Caller[]>> = {
  openConversation: [...both, 'driver'],
  listConversations: signedIn,
  searchMessages: signedIn,
  getConversation: bothAndSupport,
  listMessages: bothAndSupport,
  sendMessage: both,
  takeBackMessage: bothAndSupport,
  markRead: both,
  reportConversation: both,
  listReports: admins,
  decideReports: admins,
  freezeConversation: admins,
  thawConversation: admins,
  closeConversation: bothAndSupport,
}
