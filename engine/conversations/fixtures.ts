/** People and states of conversations for the tests of this folder. */
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { ConversationCommand } from './commands.ts'
import type { OpenedConversation, StateEntry } from './state.ts'

export const id = (n: number): string =>
  `01a1f000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
export const customer: Principal = { role: 'customer', id: id(1) }
export const pharmacy: Principal = { role: 'vendor', id: id(2) }
export const driver: Principal = { role: 'driver', id: id(3) }
export const admin: Principal = { role: 'admin', id: id(4) }
export const system: Principal = { role: 'system', id: 'edge' }
export const service: Principal = { role: 'service', id: 'billing' }
export const other: Principal = { role: 'customer', id: id(5) }
export const conversationId = id(9)
export const opening = {
  topic: 'pharmacy',
  about: { kind: 'order', id: id(8) },
  customer_id: customer.id,
  vendor_id: pharmacy.id,
  driver_id: null,
} as const

type Data<V> = Extract<ConversationCommand, { verb: V }>['data']
export const command = <V extends ConversationCommand['verb']>(
  by: Principal,
  verb: V,
  data: Data<V>,
): Extract<ConversationCommand, { verb: V }> =>
  ({ verb, by, conversationId, data }) as Extract<ConversationCommand, { verb: V }>

/** A message of the customer, as the last entry of a state. */
export const message: StateEntry = {
  id: id(20),
  number: 3,
  kind: 'text',
  side: 'customer',
  of: null,
  reason: null,
  atMs: 5_000,
  atVersion: 6,
}

/** A conversation of the customer and the pharmacy with three entries. */
export const conversation = (given: Partial<OpenedConversation> = {}): OpenedConversation => ({
  status: 'open',
  conversationId,
  version: 6,
  createdAtMs: 1_000,
  topic: 'pharmacy',
  about: { kind: 'order', id: id(8) },
  sides: { customer: customer.id, vendor: pharmacy.id },
  lastNumber: 3,
  last: message,
  read: { vendor: 2 },
  closesAtMs: null,
  recent: [{ id: id(20), number: 3, atMs: 5_000 }],
  ...given,
})
