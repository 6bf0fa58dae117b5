/** What the tables of orders, visits, conversations and money know of a person. */
import { sql } from 'kysely'
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import { viewFor } from '../../protocol/orders/visibility.ts'
import { orderView, type OrderParts } from '../../protocol/orders/view-parts.ts'
import { reportTextsOf, textsOf } from '../conversations/sealed.ts'
import type { KnownTables, Part, Person } from './known.ts'

const conversationsOf = (side: 'customer_id' | 'vendor_id' | 'driver_id', { ids }: Person) =>
  sql`(select id from conversations where ${sql.ref(side)} = any(${ids}::uuid[]))`

/** The texts of a page, opened. */
const openTexts: NonNullable<Part['open']> = (vault, rows) =>
  textsOf(vault, rows as unknown as Parameters<typeof textsOf>[1])
const openReports: NonNullable<Part['open']> = (vault, rows) =>
  reportTextsOf(vault, rows as unknown as Parameters<typeof reportTextsOf>[1])

/** A pharmacy and a driver still need what was said about an order that is under way. */
const subjectHasEnded = sql<boolean>`not exists (select from conversations c
  left join orders o on c.about_kind = 'order' and o.id = c.about_id
  left join appointments a on c.about_kind = 'appointment' and a.id = c.about_id
  where c.id = t.conversation_id
    and (o.id is not null and o.ended_as is null or a.id is not null and a.ended_at is null))`

export const knownOfWork = {
  orders: {
    parts: [
      {
        about: 'Your orders',
        erase: { own: 'erase-orders.ts rewrites those that have ended' },
        of: ['user_id'],
        shape: (row, { accountId: id }, nowMs) =>
          viewFor({ role: 'customer', id }, orderView(row as unknown as OrderParts), nowMs),
      },
      {
        about: 'Orders that you carried: times and fees, without the customers',
        erase: { stays: 'only customers are erased' },
        of: ['driver_id'],
        leave: [
          'id',
          'order_number',
          'tracking_token',
          'user_id',
          'offered_driver_id',
          'candidate_ids',
          'placed',
          'progress',
        ],
      },
    ],
    otherIds: ['id', 'vendor_id', 'offered_driver_id', 'candidate_ids'],
  },
  order_words: { why: 'the words of the orders, for searches', otherIds: ['order_id'] },
  events: {
    why: 'the steps of orders, drivers, calendars and conversations; the parts beside this list tell what they led to',
    otherIds: ['actor_id'],
  },
  snapshots: { why: 'a shorter form of the steps', otherIds: ['actor_id'] },
  parked_commands: {
    why: 'steps that failed and wait for an administrator',
    otherIds: ['from_actor_id', 'actor_id'],
  },
  quotes: {
    parts: [{ about: 'Fees that were promised to you', erase: 'delete', of: ['account_id'] }],
    otherIds: ['id', 'vendor_id'],
  },
  positions: {
    parts: [
      {
        about: 'Your last position as a driver',
        erase: 'delete',
        of: ['driver_id'],
        key: ['driver_id'],
      },
    ],
  },
  breadcrumbs: {
    parts: [
      {
        about: 'Your way on deliveries',
        erase: 'delete',
        of: ({ ids }) =>
          sql`t.driver_id = any(${ids}::uuid[])
            and t.order_id in (select id from orders where driver_id = any(${ids}::uuid[]))`,
        key: ['order_id', 'at'],
        leave: ['order_id'],
      },
    ],
    otherIds: ['order_id', 'driver_id'],
  },
  custody_entries: {
    parts: [
      {
        about: 'Who had the parcels of your orders, and when',
        erase: { own: 'erase-orders.ts empties them after the time of the law' },
        of: ({ ids }) =>
          sql`t.order_id in (select id from orders where user_id = any(${ids}::uuid[]))`,
        key: ['leaf'],
        leave: ['slot', 'seq', 'commitment', 'salt'],
      },
    ],
    otherIds: ['order_id'],
  },
  temperature_readings: {
    parts: [
      {
        about: 'The temperatures of the parcels of your orders',
        erase: { stays: 'they name nobody, and go after 90 days' },
        of: ({ ids }) =>
          sql`t.order_id in (select id from orders where user_id = any(${ids}::uuid[]))`,
        key: ['order_id', 'device', 'at', 'celsius'],
        leave: ['order_id', 'file_sha256'],
      },
    ],
    otherIds: ['order_id'],
  },
  ratings: {
    parts: [
      {
        about: 'Ratings that you gave',
        erase: { set: { text: null } },
        of: ['rater_id'],
        leave: ['decided_by'],
      },
    ],
    // A rated person never learns who rated, and rows about few people would tell it.
    otherIds: ['id', 'occasion_id', 'subject_id', 'decided_by'],
  },
  rating_figures: {
    parts: [
      {
        about: 'How you are rated',
        erase: 'delete',
        of: ['subject_id'],
        key: ['subject_kind', 'subject_id'],
      },
    ],
  },
  appointments: {
    parts: [
      {
        about: 'Your appointments',
        erase: { own: 'erase-appointments.ts rewrites those that have ended' },
        of: ['user_id'],
        shape: row => row['record'] as AppointmentView,
      },
    ],
    otherIds: ['id', 'service_id', 'vendor_id'],
  },
  calendar_feeds: {
    parts: [
      {
        about: 'Links to your calendar',
        erase: 'delete',
        of: ['account_id'],
        leave: ['secret_hash'],
      },
    ],
    otherIds: ['id', 'subject_id', 'service_ids', 'member_id'],
  },
  conversations: {
    parts: [
      {
        about: 'Your conversations as a customer',
        erase: { stays: 'it has times and no words' },
        of: ['customer_id'],
      },
      {
        about: 'Your conversations as a pharmacy or as a driver, without the customers',
        erase: { stays: 'only customers are erased' },
        of: ['vendor_id', 'driver_id'],
        leave: ['customer_id'],
        work: true,
      },
    ],
    otherIds: ['id', 'about_id'],
  },
  conversation_entries: {
    parts: [
      {
        about: 'When something was said in your conversations as a customer',
        erase: { stays: 'it has times and no words' },
        of: person => sql`t.conversation_id in ${conversationsOf('customer_id', person)}`,
      },
    ],
    otherIds: ['id', 'conversation_id', 'of_id'],
  },
  conversation_texts: {
    parts: [
      {
        about: 'What was said in your conversations as a customer',
        erase: {
          set: { text: null, sealed: null, marks: null, upload_id: null },
          only: subjectHasEnded,
        },
        leave: ['sealed', 'marks'],
        open: openTexts,
        of: person => sql`t.conversation_id in ${conversationsOf('customer_id', person)}`,
      },
      {
        about: 'What you said as a pharmacy or as a driver',
        erase: { stays: 'only customers are erased' },
        leave: ['sealed', 'marks'],
        open: openTexts,
        work: true,
        of: person =>
          sql`(t.side = 'vendor' and t.conversation_id in ${conversationsOf('vendor_id', person)}
            or t.side = 'driver' and t.conversation_id in ${conversationsOf('driver_id', person)})`,
      },
    ],
    otherIds: ['id', 'conversation_id', 'upload_id'],
  },
  conversation_reports: {
    parts: [
      {
        about: 'What you reported',
        erase: { set: { text: null, sealed: null } },
        of: ['reporter_id'],
        leave: ['decided_by', 'sealed'],
        open: openReports,
        work: true,
      },
    ],
    otherIds: ['id', 'conversation_id', 'entry_id', 'decided_by'],
  },
  conversation_generations: { why: 'a count', otherIds: ['id'] },
  ledger_accounts: {
    parts: [
      {
        about: 'What you are owed and what you owe',
        erase: { stays: 'money stays whole' },
        of: ['owner_id'],
      },
    ],
    otherIds: ['id'],
  },
  ledger_transfers: {
    parts: [
      {
        about: 'Money that came to you or went from you',
        erase: { stays: 'money stays whole' },
        of: ({ ids }) =>
          sql`(t.debit_account_id in (select id from ledger_accounts where owner_id = any(${ids}::uuid[]))
            or t.credit_account_id in (select id from ledger_accounts where owner_id = any(${ids}::uuid[])))`,
        leave: ['about_id', 'by_id'],
      },
    ],
    otherIds: ['id', 'debit_account_id', 'credit_account_id', 'pending_id', 'about_id', 'by_id'],
  },
  ledger_holds: {
    parts: [
      {
        about: 'Payouts that you were sending',
        erase: { stays: 'only customers are erased' },
        of: ['by_id'],
        key: ['pending_id'],
      },
    ],
    otherIds: ['pending_id'],
  },
  payments: {
    parts: [
      {
        about: 'Payments of your orders',
        erase: { stays: 'money stays whole' },
        of: ['customer_id', 'vendor_id', 'driver_id'],
        key: ['order_id'],
        leave: ['customer_id', 'vendor_id', 'driver_id'],
      },
    ],
    otherIds: ['order_id'],
  },
  payment_facts: {
    parts: [
      {
        about: 'Steps of the payments that you made',
        erase: { stays: 'money stays whole' },
        of: ({ accountId }) =>
          sql`t.order_id in (select order_id from payments where customer_id = ${accountId})`,
        key: ['order_id', 'version'],
        shape: ({ order_id, type, at, data }) => {
          const {
            by: _by,
            driverId: _driver,
            clientSecret: _secret,
            ...said
          } = data as Record<string, unknown>
          return { order_id, type, at, ...said }
        },
      },
    ],
    otherIds: ['order_id'],
  },
  payment_words: {
    why: 'what was said with a step of an order, for a week; what counted is in the payment',
    otherIds: ['order_id'],
  },
} as const satisfies Partial<KnownTables>
