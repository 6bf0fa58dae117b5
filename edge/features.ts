/**
 * The features of an edge, one line each. A feature brings everything of its own from its folder,
 * and only this list names it. The API document and the examples keep this order, and the guards of
 * sockets are called in it.
 */
import { accounts } from './accounts/index.ts'
import { appointments } from './appointments/index.ts'
import { approval } from './approval/index.ts'
import { audit } from './audit/index.ts'
import { broadcast } from './broadcast/index.ts'
import { codes } from './codes/index.ts'
import { configuration } from './configuration/index.ts'
import { conversations } from './conversations/index.ts'
import { custody } from './custody/index.ts'
import { devices } from './devices/index.ts'
import { drivers } from './drivers/index.ts'
import { facts } from './facts/index.ts'
import type { Feature, PartsOf } from './kernel/feature.ts'
import { insights } from './insights/index.ts'
import { jobs } from './jobs/index.ts'
import { keys } from './keys/index.ts'
import { live } from './live/index.ts'
import { ledger } from './ledger/index.ts'
import { maps } from './maps/index.ts'
import { members } from './members/index.ts'
import { messenger } from './messenger/index.ts'
import { notifications } from './notifications/index.ts'
import { operations } from './operations/index.ts'
import { orders } from './orders/index.ts'
import { pages } from './pages/index.ts'
import { papers } from './papers/index.ts'
import { payments } from './payments/index.ts'
import { payouts } from './payouts/index.ts'
import { pharmacies } from './pharmacies/index.ts'
import { photos } from './photos/index.ts'
import { pricing } from './pricing/index.ts'
import { privacy } from './privacy/index.ts'
import { push } from './push/index.ts'
import { rate } from './rate/index.ts'
import { ratings } from './ratings/index.ts'
import { reports } from './reports/index.ts'
import { requests } from './requests/index.ts'
import { services } from './services/index.ts'
import { speech } from './speech/index.ts'
import { streets } from './streets/index.ts'
import { tracking } from './tracking/index.ts'
import { trips } from './trips/index.ts'
import { uploads } from './uploads/index.ts'
import { webhooks } from './webhooks/index.ts'
import { wooCommerce } from './woocommerce/index.ts'

const list = [
  // Opens the keys before another feature prepares itself.
  keys,
  audit,
  accounts,
  messenger,
  pharmacies,
  drivers,
  devices,
  approval,
  members,
  papers,
  requests,
  broadcast,
  payments,
  facts,
  tracking,
  live,
  orders,
  custody,
  trips,
  pricing,
  services,
  appointments,
  ratings,
  conversations,
  notifications,
  push,
  ledger,
  payouts,
  privacy,
  reports,
  insights,
  uploads,
  webhooks,
  wooCommerce,
  codes,
  photos,
  speech,
  rate,
  maps,
  streets,
  jobs,
  configuration,
  operations,
  pages,
] as const

/**
 * The parts that a feature of this edge may ask for: the kernel's ports and everything that the
 * listed features bring.
 */
export type EdgeParts = PartsOf<typeof list>
export type EdgeConfig = EdgeParts['config']
export type EdgeFeature = Feature<EdgeParts>

/** Does not compile while a feature needs a part that no feature brings. */
export const features: readonly EdgeFeature[] = list
