/** The custody of an order as its readers see it. */
import type { Kysely } from 'kysely'
import Type from 'typebox'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Principal, Uuid } from '../../protocol/kernel/principal.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { standingOf } from '../../protocol/orders/visibility.ts'
import type { Standing } from '../../protocol/orders/standings.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { findOrder, type ReadContext } from '../orders/reads.ts'
import { custodyKinds, proofKinds, type Custodian, type OrderEntry } from './steps.ts'

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const CustodianView = Type.Object({
  role: Type.Enum(['vendor', 'driver', 'customer']),
  id: nullable(Uuid),
})
const EntryView = Type.Object({
  number: Type.Integer({ minimum: 1, description: 'Among the entries of the order' }),
  leaf: Type.Integer({ minimum: 0, description: 'Index in the tree of the log' }),
  logged_at: Timestamp,
  step: Type.Union(
    [
      Type.Object({
        kind: Type.Enum([...custodyKinds]),
        at: Timestamp,
        by: nullable(
          Type.Object({
            role: Principal.properties.role,
            id: nullable(Type.String()),
            id_sha256: Type.Optional(Sha256),
          }),
        ),
        custodian_before: nullable(CustodianView),
        custodian_after: CustodianView,
        place: nullable(
          Type.Object({
            latitude: Latitude,
            longitude: Longitude,
            source: Type.Enum(['vendor', 'driver']),
            at: Timestamp,
          }),
        ),
        proofs: Type.Array(
          Type.Object({
            kind: Type.Enum([...proofKinds]),
            upload_id: Uuid,
            sha256: Type.Union([Sha256, Type.Null()], {
              description: 'Of the file as it is stored; null when it could not be read',
            }),
          }),
        ),
        facts: Type.Record(Type.String(), Type.Unknown()),
      }),
      Type.Null(),
    ],
    { description: 'Null when it was erased; the log still proves that it was there' },
  ),
})

export const CustodyView = Type.Object({
  order_id: Uuid,
  custodian: Type.Union([CustodianView, Type.Null()], {
    description: 'Who has the parcel now; null before a pharmacy accepts the order',
  }),
  entries: Type.Array(EntryView),
})

/** An entry as it is stored. */
export interface EntryRow {
  leaf: number
  number: number
  logged_at: Date
  commitment: Buffer
  salt: Buffer | null
  entry: OrderEntry | null
}

/** The entries of an order, oldest first. */
export const entriesOf = async (db: Kysely<Tables>, orderId: string): Promise<EntryRow[]> =>
  (await db
    .selectFrom('custody_entries')
    .select(['leaf', 'number', 'logged_at', 'commitment', 'salt', 'entry'])
    .where('order_id', '=', orderId)
    .orderBy('number')
    .execute()) as EntryRow[]

/** Who may read the custody: those who may know the places of the delivery. */
const seers: ReadonlySet<Standing> = new Set([
  'overseer',
  'customer',
  'winner',
  'chosen',
  'carrier',
])

/** The order of a caller who may read its custody. Throws `order_not_found`. */
export async function orderInCustody(
  ctx: ReadContext,
  identity: Identity,
  orderId: string,
): Promise<OrderView> {
  const order = await findOrder(ctx, identity, orderId)
  if (!seers.has(standingOf(principalOf(identity), order, ctx.nowMs())))
    throw new CaduceusError('order_not_found', 'no such order')
  return order
}

/** Drivers know no customer by id. */
const custodianFor = (identity: Identity, custodian: Custodian | null) =>
  custodian?.role === 'customer' && identity.role === 'driver'
    ? { role: custodian.role, id: null }
    : custodian

export function timelineFor(
  identity: Identity,
  orderId: string,
  rows: readonly EntryRow[],
): Type.Static<typeof CustodyView> {
  const last = rows.findLast(row => row.entry !== null)?.entry ?? null
  return {
    order_id: orderId,
    custodian: custodianFor(identity, last?.custodian_after ?? null),
    entries: rows.map(({ number, leaf, logged_at, entry }) => ({
      number,
      leaf,
      logged_at: logged_at.toISOString(),
      step: entry === null ? null : stepFor(identity, entry),
    })),
  }
}

function stepFor(identity: Identity, entry: OrderEntry) {
  const { kind, at, by, custodian_before, custodian_after, place, proofs, facts } = entry
  return {
    kind,
    at,
    by: by?.role === 'customer' && identity.role === 'driver' ? { role: by.role, id: null } : by,
    custodian_before: custodianFor(identity, custodian_before),
    custodian_after: custodianFor(identity, custodian_after)!,
    place,
    proofs,
    facts: factsFor(identity, facts),
  }
}

/** Who reads the seal on the parcel must not know it from here. */
function factsFor({ role }: Identity, facts: OrderEntry['facts']): OrderEntry['facts'] {
  if (role !== 'driver') return facts
  const { seal_number: _, found_seal: __, ...rest } = facts
  return rest
}
