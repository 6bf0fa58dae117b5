/** What the tables of pharmacies' offers, of connections and of the house itself know of a person. */
import type { KnownTables } from './known.ts'

const stays = { stays: 'only customers are erased' }
const journal = 'a place in the journal'
const engines = 'which process does which work'

export const knownOfHouse = {
  main_services: {
    parts: [{ about: 'Groups of services of your pharmacy', erase: stays, of: ['vendor_id'] }],
    otherIds: ['id'],
  },
  services: {
    parts: [{ about: 'Services of your pharmacy', erase: stays, of: ['vendor_id'] }],
    otherIds: ['id', 'main_service_id'],
  },
  vendor_closures: {
    parts: [{ about: 'Days on which your pharmacy is closed', erase: stays, of: ['vendor_id'] }],
    otherIds: ['id'],
  },
  integrations: {
    parts: [
      {
        about: 'Shops that are connected with your pharmacy',
        erase: stays,
        of: ['vendor_id'],
        leave: ['delivery_key', 'secret_sealed'],
      },
    ],
    otherIds: ['id'],
  },
  imports: {
    parts: [
      {
        about: 'Orders that came from your shops, without the customers',
        erase: stays,
        of: ['vendor_id'],
        leave: ['draft'],
      },
    ],
    otherIds: ['id', 'scope_id', 'order_id'],
  },
  webhook_subscriptions: {
    parts: [
      {
        about: 'Webhooks that you made',
        erase: stays,
        of: ['owner_id', 'vendor_id'],
        leave: ['secret_sealed'],
      },
    ],
    otherIds: ['id'],
  },
  webhook_deliveries: {
    why: 'copies of steps of orders, on their way to a service of a pharmacy or of the operator',
    otherIds: ['id', 'subscription_id', 'order_id', 'replay_of'],
  },
  webhook_attempts: { why: 'when such a copy was sent', otherIds: ['delivery_id'] },
  webhook_positions: { why: journal },
  webhook_lease: { why: engines },
  weekly_insights: {
    parts: [
      {
        about: 'Figures of your pharmacy',
        erase: stays,
        of: ['vendor_id'],
        key: ['week', 'vendor_id'],
      },
    ],
  },
  insight_letters: {
    parts: [
      {
        about: 'The weekly letter that you want',
        erase: stays,
        of: ['vendor_id', 'wanted_by'],
        key: ['vendor_id'],
      },
    ],
  },
  jobs: {
    parts: [
      {
        about: 'Background work that you asked for or paused',
        erase: stays,
        of: ['asked_by', 'paused_by'],
        key: ['name'],
        leave: ['owner', 'lease_until'],
      },
    ],
    otherIds: ['owner'],
  },
  job_runs: {
    parts: [
      {
        about: 'Runs of background work that you asked for',
        erase: stays,
        of: ['asked_by'],
        key: ['job', 'epoch'],
        leave: ['error'],
      },
    ],
    otherIds: ['edge_id'],
  },
  configurations: {
    parts: [
      {
        about: 'Settings of the house that you changed',
        erase: stays,
        of: ['changed_by'],
        key: ['revision'],
      },
    ],
  },
  custody_nodes: { why: 'sums over the custody log' },
  custody_checkpoints: { why: 'sums over the custody log' },
  custody_witnesses: { why: 'who has seen these sums' },
  custody_positions: { why: journal },
  ledger_positions: { why: journal },
  payment_positions: { why: journal },
  money_facts: {
    why: 'facts about money until the bus and webhooks have them, for a week; the payment has them for ever',
    otherIds: ['actor_id', 'vendor_id'],
  },
  money_fact_numbers: { why: 'numbers of these facts' },
  payment_requests: {
    why: 'what waits for the processor of cards; its answers are in the payment',
    otherIds: ['id', 'order_id'],
  },
  encryption_state: { why: 'the fingerprint of a key' },
  slots: { why: engines },
  slot_progress: { why: engines },
  engines: { why: engines },
} as const satisfies Partial<KnownTables>
