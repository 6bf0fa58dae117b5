/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const conversation = { id: of.conversation }

export const examples: Readonly<Record<string, Example>> = {
  openConversation: {
    as: 'customer',
    body: { topic: 'pharmacy', order_id: of.order },
    status: 201,
  },
  listConversations: { as: 'vendor', query: { limit: 1 }, status: 200 },
  getConversation: { as: 'customer', params: conversation, status: 200 },
  sendMessage: {
    as: 'customer',
    params: conversation,
    body: { text: 'When is it ready?', client_id: 'phone-1-17' },
    status: 201,
  },
  searchMessages: { as: 'customer', query: { text: 'ready', limit: 1 }, status: 200 },
  listMessages: { as: 'vendor', params: conversation, query: { after: 0 }, status: 200 },
  markRead: { as: 'vendor', params: conversation, body: { number: 1 }, status: 200 },
  takeBackMessage: {
    as: 'customer',
    params: { ...conversation, message_id: of.message },
    status: 204,
  },
  reportConversation: {
    as: 'vendor',
    params: conversation,
    body: { reason: 'wrong_person', text: 'This is about somebody else.' },
    status: 201,
  },
  listReports: { as: 'admin', params: conversation, status: 200 },
  decideReports: {
    as: 'admin',
    params: conversation,
    body: { decision: 'dismissed' },
    status: 200,
  },
  freezeConversation: {
    as: 'admin',
    params: conversation,
    body: { reason: 'abuse' },
    status: 200,
  },
  thawConversation: { as: 'admin', params: conversation, status: 200 },
  closeConversation: { as: 'admin', params: conversation, status: 200 },
}
