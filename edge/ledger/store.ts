/**
 * The ledger in PostgreSQL. A group is decided by `post.ts` over rows that this transaction has
 * locked, and written in the same transaction. The table of transfers takes no update and no
 * deletion, and the database checks the flags of accounts once more.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { type Account, type AccountFlag, type AccountKey } from './account.ts'
import { expire, post, type Books, type Outcome } from './post.ts'
import { isMove, type StoredTransfer, type Transfer } from './transfer.ts'
import { transferId } from './chart.ts'

/** An account may be named before it exists; it is opened by its first transfer. */
export interface Group {
  readonly transfers: readonly Transfer[]
  /** The accounts of the transfers, for those that do not exist yet. */
  readonly opens?: readonly AccountKey[]
}

export interface AccountRow {
  id: string
  code: string
  owner_id: string | null
  currency: string
  flag: AccountFlag | null
  debits_pending: string
  debits_posted: string
  credits_pending: string
  credits_posted: string
}
interface TransferRow {
  id: string
  code: string
  phase: StoredTransfer['phase']
  debit_account_id: string
  credit_account_id: string
  currency: string
  amount: string
  pending_id: string | null
  timeout_ms: number | null
  about_id: string | null
  by_id: string | null
  note: string | null
  at: Date
}

/** The columns of an account as this file and the lists read them. */
export const accountColumns = sql.raw(
  'id, code, owner_id, currency, flag, debits_pending::text, debits_posted::text, credits_pending::text, credits_posted::text',
)
const transferColumns = sql.raw(
  'id, code, phase, debit_account_id, credit_account_id, currency, amount::text, pending_id, timeout_ms, about_id, by_id, note, at',
)

/** The account of a row. */
export const accountOfRow = (row: AccountRow): Account => ({
  id: row.id,
  code: row.code,
  ownerId: row.owner_id,
  currency: row.currency,
  flag: row.flag,
  debitsPending: BigInt(row.debits_pending),
  debitsPosted: BigInt(row.debits_posted),
  creditsPending: BigInt(row.credits_pending),
  creditsPosted: BigInt(row.credits_posted),
})
const transferOfRow = (row: TransferRow): StoredTransfer => ({
  id: row.id,
  code: row.code,
  phase: row.phase,
  debitId: row.debit_account_id,
  creditId: row.credit_account_id,
  currency: row.currency,
  amount: BigInt(row.amount),
  pendingId: row.pending_id,
  timeoutMs: row.timeout_ms,
  aboutId: row.about_id,
  byId: row.by_id,
  note: row.note,
  atMs: row.at.getTime(),
})

/** The rows that some groups are about, with the changes of the groups before. */
class LoadedBooks implements Books {
  readonly accounts = new Map<string, Account>()
  readonly transfers = new Map<string, StoredTransfer>()
  readonly #settlements = new Map<string, StoredTransfer>()
  readonly changed = new Set<string>()
  readonly written: StoredTransfer[] = []

  account(id: string): Account | undefined {
    return this.accounts.get(id)
  }
  transfer(id: string): StoredTransfer | undefined {
    return this.transfers.get(id)
  }
  settlementOf(pendingId: string): StoredTransfer | undefined {
    return this.#settlements.get(pendingId)
  }
  add(transfer: StoredTransfer): void {
    this.transfers.set(transfer.id, transfer)
    if (transfer.pendingId !== null) this.#settlements.set(transfer.pendingId, transfer)
  }
  take(outcome: Outcome): void {
    if (!outcome.ok) return
    for (const account of outcome.accounts) {
      this.accounts.set(account.id, account)
      this.changed.add(account.id)
    }
    for (const transfer of outcome.transfers) {
      this.add(transfer)
      this.written.push(transfer)
    }
  }
}

/**
 * Records groups in their order, within a transaction of the caller. Each outcome says whether its
 * group happened; a refused group leaves nothing. Rejects while the database is away.
 */
export async function record(
  tx: Kysely<Tables>,
  groups: readonly Group[],
  nowMs: number,
): Promise<Outcome[]> {
  const transfers = groups.flatMap(group => group.transfers)
  const moves = transfers.filter(isMove)
  const pendingIds = transfers.flatMap(one => (isMove(one) ? [] : [one.pendingId]))
  await open(
    tx,
    groups.flatMap(group => group.opens ?? []),
    nowMs,
  )
  const books = await load(tx, {
    accountIds: moves.flatMap(move => [move.debitId, move.creditId]),
    transferIds: transfers.map(one => one.id),
    pendingIds,
  })
  const outcomes = groups.map(group => {
    const outcome = post(books, group.transfers, nowMs)
    books.take(outcome)
    return outcome
  })
  await write(tx, books)
  return outcomes
}

/** Ends the pending transfers whose time is over, at most `max`; returns their number. */
export async function expireDue(tx: Kysely<Tables>, nowMs: number, max: number): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select id from ledger_transfers as pending
    where phase = 'pending' and timeout_ms is not null and at + timeout_ms * interval '1 ms' <= ${new Date(nowMs)}
      and not exists (select from ledger_transfers as ended where ended.pending_id = pending.id)
      and not exists (select from ledger_holds where pending_id = pending.id)
    limit ${max}`.execute(tx)
  const pendingIds = rows.map(row => row.id)
  if (pendingIds.length === 0) return 0
  const books = await load(tx, { accountIds: [], transferIds: [], pendingIds })
  const outcome = expire(books, pendingIds, nowMs, id => transferId('expired', id))
  books.take(outcome)
  await write(tx, books)
  return books.written.length
}

async function open(tx: Kysely<Tables>, keys: readonly AccountKey[], nowMs: number): Promise<void> {
  // In the order of ids, so that two transactions never wait for each other.
  const sorted = [...new Map(keys.map(key => [key.id, key])).values()].toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  )
  if (sorted.length === 0) return
  const column = <T>(of: (key: AccountKey) => T): T[] => sorted.map(of)
  await sql`
    insert into ledger_accounts (id, code, owner_id, currency, flag, opened_at)
    select *, ${new Date(nowMs)}::timestamptz
    from unnest(${column(key => key.id)}::uuid[], ${column(key => key.code)}::text[],
      ${column(key => key.ownerId)}::uuid[], ${column(key => key.currency)}::text[], ${column(key => key.flag)}::text[])
    on conflict (id) do nothing`.execute(tx)
}

/**
 * Locks the accounts first and reads the transfers after that, so nothing that this transaction has
 * read can change before it ends.
 */
async function load(
  tx: Kysely<Tables>,
  {
    accountIds,
    transferIds,
    pendingIds,
  }: Record<'accountIds' | 'transferIds' | 'pendingIds', string[]>,
): Promise<LoadedBooks> {
  const books = new LoadedBooks()
  const accounts = await sql<AccountRow>`
    select ${accountColumns} from ledger_accounts where id = any(${accountIds}::uuid[])
      or id in (select unnest(array[debit_account_id, credit_account_id]) from ledger_transfers
        where id = any(${pendingIds}::uuid[]))
    order by id for update`.execute(tx)
  const held = await sql<{ pending_id: string }>`
    select pending_id from ledger_holds where pending_id = any(${pendingIds}::uuid[])`.execute(tx)
  const isHeld = new Set(held.rows.map(row => row.pending_id))
  for (const row of accounts.rows) books.accounts.set(row.id, accountOfRow(row))
  const transfers = await sql<TransferRow>`
    select ${transferColumns} from ledger_transfers
    where id = any(${[...transferIds, ...pendingIds]}::uuid[]) or pending_id = any(${pendingIds}::uuid[])`.execute(
    tx,
  )
  for (const row of transfers.rows) {
    const transfer = transferOfRow(row)
    books.add(isHeld.has(row.id) ? { ...transfer, timeoutMs: null } : transfer)
  }
  return books
}

async function write(tx: Kysely<Tables>, books: LoadedBooks): Promise<void> {
  const { written } = books
  if (written.length === 0) return
  const column = <T>(of: (transfer: StoredTransfer) => T): T[] => written.map(of)
  await sql`
    insert into ledger_transfers (id, code, phase, debit_account_id, credit_account_id, currency, amount,
      pending_id, timeout_ms, about_id, by_id, note, at)
    select * from unnest(${column(one => one.id)}::uuid[], ${column(one => one.code)}::text[],
      ${column(one => one.phase)}::text[], ${column(one => one.debitId)}::uuid[],
      ${column(one => one.creditId)}::uuid[], ${column(one => one.currency)}::text[],
      ${column(one => String(one.amount))}::bigint[], ${column(one => one.pendingId)}::uuid[],
      ${column(one => one.timeoutMs)}::bigint[], ${column(one => one.aboutId)}::uuid[],
      ${column(one => one.byId)}::uuid[], ${column(one => one.note)}::text[],
      ${column(one => new Date(one.atMs))}::timestamptz[])`.execute(tx)
  const changed = [...books.changed].map(id => books.accounts.get(id)!)
  const sum = (of: (account: Account) => bigint): string[] => changed.map(one => String(of(one)))
  await sql`
    update ledger_accounts as held set debits_pending = new.debits_pending, debits_posted = new.debits_posted,
      credits_pending = new.credits_pending, credits_posted = new.credits_posted
    from unnest(${changed.map(one => one.id)}::uuid[], ${sum(one => one.debitsPending)}::bigint[],
      ${sum(one => one.debitsPosted)}::bigint[], ${sum(one => one.creditsPending)}::bigint[],
      ${sum(one => one.creditsPosted)}::bigint[])
      as new(id, debits_pending, debits_posted, credits_pending, credits_posted)
    where held.id = new.id`.execute(tx)
}
