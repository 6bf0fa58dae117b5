/**
 * From the journal to the custody log: one batch of events becomes entries, in the transaction that
 * moves the positions behind them. So each event is logged exactly once, also when the edge dies in
 * between, and the log has one writer at a time however many edges there are.
 */
import { createHash, randomBytes } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { commitmentTo, saltBytes } from '../../protocol/custody-log/entries.ts'
import { leafHash } from '../../protocol/custody-log/hashes.ts'
import type { StoredNode } from '../../protocol/custody-log/tree.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { eventsAfterPositions, passEvents, type JournalRow } from '../orders/journal-positions.ts'
import type { Recorded } from '../orders/recorded-events.ts'
import type { CustodyConfig } from './config.ts'
import { provenBy, type DigestParts } from './digests.ts'
import { custodyLimits } from './limits.ts'
import { signTree, storeNodes, treeIn, tryLock } from './log-tables.ts'
import {
  emptyChain,
  extended,
  nextEntry,
  stepOf,
  type Acting,
  type Chain,
  type EntryPlace,
  type EntryProof,
  type OrderEntry,
} from './steps.ts'

export type TakeParts = DigestParts & Pick<Kernel, 'log'> & WithConfig<CustodyConfig>
/** `led` is false when another edge takes the batch. `more` is true when a slot had a full batch. */
export interface Taken {
  led: boolean
  more: boolean
  entries: number
}

const positions = 'custody_positions'
interface Fact {
  row: JournalRow
  recorded: Recorded<OrderEvent>
}

/** Takes the next batch. */
export async function takeCustody(parts: TakeParts): Promise<Taken> {
  const {
    database: { kysely: db },
  } = parts
  // Most looks find nothing, and they cost this one query.
  const ahead = await eventsAfterPositions(db, positions, custodyLimits.batchEventsMax)
  if (ahead.length === 0) return { led: true, more: false, entries: 0 }
  const proofs = await proofsOf(parts, ahead)
  return db.transaction().execute(async tx => {
    if (!(await tryLock(tx))) return { led: false, more: false, entries: 0 }
    const rows = await eventsAfterPositions(tx, positions, custodyLimits.batchEventsMax)
    const known = untilUnknown(rows, proofs)
    const entries = await appendEntries(tx, factsOf(known), proofs, parts.nowMs())
    const { more } = await passEvents(tx, positions, known, custodyLimits.batchEventsMax)
    return { led: true, more, entries }
  })
}

/** Signs the tree when it grew and the newest checkpoint is old enough. */
export async function signWhenDue(parts: TakeParts): Promise<void> {
  const signer = parts.config.custodySigner
  if (signer === null) return
  const {
    database: { kysely: db },
  } = parts
  await db.transaction().execute(async tx => {
    if (await tryLock(tx)) await signTree(tx, signer, parts.nowMs(), custodyLimits.checkpointMs)
  })
}

const factsOf = (rows: readonly JournalRow[]): Fact[] =>
  rows.flatMap(row => {
    if (row.kind !== 'order') return []
    const recorded = row.read() as Recorded<OrderEvent>
    return stepOf(recorded.event) === null ? [] : [{ row, recorded }]
  })

const keyOf = ({ slot, seq }: JournalRow): string => `${slot}.${seq}`

const needsProofs = ({ recorded }: Fact): boolean => stepOf(recorded.event)?.proofs !== undefined

/** The proofs of each event that may have some, by slot and number. */
async function proofsOf(
  parts: TakeParts,
  rows: readonly JournalRow[],
): Promise<Map<string, EntryProof[]>> {
  const proofs = new Map<string, EntryProof[]>()
  for (const { row, recorded } of factsOf(rows).filter(needsProofs))
    try {
      proofs.set(keyOf(row), await provenBy(parts, recorded.event, recorded.at))
    } catch (error) {
      parts.log.warn({ err: error }, 'custody: a proof could not be read; trying again')
    }
  return proofs
}

/**
 * The rows of each slot before the first one whose proofs were not read: a store was away, or
 * another edge moved the positions after the batch was read ahead.
 */
function untilUnknown(
  rows: readonly JournalRow[],
  proofs: ReadonlyMap<string, EntryProof[]>,
): JournalRow[] {
  const stopped = new Set<number>()
  return rows.filter(row => {
    if (!stopped.has(row.slot) && factsOf([row]).some(needsProofs) && !proofs.has(keyOf(row)))
      stopped.add(row.slot)
    return !stopped.has(row.slot)
  })
}

/** The id of an administrator is shown to administrators alone, so the log has its digest. */
const actingOf = (by: Principal | null): Acting | null =>
  by === null
    ? null
    : by.role === 'admin'
      ? { role: by.role, id: null, id_sha256: createHash('sha256').update(by.id).digest('hex') }
      : { role: by.role, id: by.id }

async function appendEntries(
  tx: Kysely<Tables>,
  facts: readonly Fact[],
  proofs: ReadonlyMap<string, EntryProof[]>,
  nowMs: number,
): Promise<number> {
  if (facts.length === 0) return 0
  const orderIds = [...new Set(facts.map(({ row }) => row.actor_id))]
  const chains = await chainsOf(tx, orderIds)
  const customers = new Map(
    (
      await tx.selectFrom('orders').select(['id', 'user_id']).where('id', 'in', orderIds).execute()
    ).map(({ id, user_id }) => [id, user_id]),
  )
  const places = await positionsOf(tx, facts)
  const tree = await treeIn(tx)
  const nodes: StoredNode[] = []
  const added: {
    leaf: number
    row: JournalRow
    entry: OrderEntry
    salt: Buffer
    commitment: Buffer
  }[] = []
  for (const [i, { row, recorded }] of facts.entries()) {
    const chain = chains.get(row.actor_id) ?? emptyChain
    const entry = nextEntry(chain, recorded.event, {
      orderId: row.actor_id,
      customerId: customers.get(row.actor_id) ?? '',
      orderVersion: recorded.version,
      at: recorded.at,
      by: actingOf(recorded.by),
      position: places[i] ?? null,
      proofs: proofs.get(keyOf(row)) ?? [],
    })
    if (entry === null) continue
    chains.set(row.actor_id, extended(chain, entry))
    const salt = randomBytes(saltBytes)
    const commitment = commitmentTo(entry, salt)
    added.push({ leaf: tree.size, row, entry, salt, commitment })
    nodes.push(...tree.append(leafHash(commitment)))
  }
  if (added.length === 0) return 0
  const column = <T>(of: (one: (typeof added)[number]) => T): T[] => added.map(of)
  await sql`
    insert into custody_entries (leaf, order_id, number, slot, seq, logged_at, commitment, salt, entry)
    select leaf, order_id, number, slot, seq, ${new Date(nowMs)}::timestamptz, commitment, salt, entry
    from unnest(${column(one => one.leaf)}::bigint[], ${column(one => one.row.actor_id)}::uuid[],
      ${column(one => one.entry.number)}::integer[], ${column(one => one.row.slot)}::smallint[],
      ${column(one => one.row.seq)}::bigint[], ${column(one => one.commitment)}::bytea[],
      ${column(one => one.salt)}::bytea[], ${column(one => JSON.stringify(one.entry))}::json[])
      as w(leaf, order_id, number, slot, seq, commitment, salt, entry)`.execute(tx)
  await storeNodes(tx, nodes)
  return added.length
}

async function chainsOf(
  tx: Kysely<Tables>,
  orderIds: readonly string[],
): Promise<Map<string, Chain>> {
  const rows = await tx
    .selectFrom('custody_entries')
    .select(['order_id', 'entry'])
    .where('order_id', 'in', orderIds)
    .orderBy('leaf')
    .execute()
  const chains = new Map<string, Chain>()
  for (const { order_id, entry } of rows)
    chains.set(order_id, extended(chains.get(order_id) ?? emptyChain, entry as OrderEntry | null))
  return chains
}

/** For each fact the newest position of the order's driver at its time. */
async function positionsOf(
  tx: Kysely<Tables>,
  facts: readonly Fact[],
): Promise<(EntryPlace | null)[]> {
  const { rows } = await sql<{ latitude: number | null; longitude: number; at: Date }>`
    select b.latitude, b.longitude, b.at
    from unnest(${facts.map(({ row }) => row.actor_id)}::uuid[],
      ${facts.map(({ recorded }) => recorded.at)}::timestamptz[])
      with ordinality as w(order_id, at, place)
    left join lateral (select latitude, longitude, at from breadcrumbs
      where breadcrumbs.order_id = w.order_id and breadcrumbs.at <= w.at
        and breadcrumbs.at > w.at - make_interval(secs => ${custodyLimits.positionMs / 1000})
      order by breadcrumbs.at desc limit 1) as b on true
    order by w.place`.execute(tx)
  return rows.map(({ latitude, longitude, at }) =>
    latitude === null ? null : { latitude, longitude, source: 'driver', at: at.toISOString() },
  )
}
