/**
 * What the driver's page keeps on the phone: steps that are not handed in yet, with their photos,
 * positions that the server has not acknowledged, and deliveries. Each has the id of its account,
 * because drivers share phones. Positions and deliveries that another account left are forgotten when
 * they are read, and at the sign-out. Steps that were not handed in wait for their account for a week,
 * because a hand-over that has happened must not be lost; no page shows them to another account.
 */
import type { AssignedMessage, CaduceusError } from '../../../protocol/client/index.ts'
import type { LocationFrame } from '../../../protocol/river/frames.ts'
import type { Payment } from '../base/payment.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import type { OrderStatus } from '../../../protocol/orders/statuses.ts'

/** A delivery of this driver, as the phone knows it. */
export interface Delivery extends AssignedMessage {
  status: OrderStatus
  /** How it is paid, so that the driver knows it without a connection; absent until it is known. */
  payment?: Payment | null
  /** What the policy of its goods asks for; null for plain goods, absent until it is known. */
  custody?: OrderView['custody']
  /** Of the order's view that was read last. */
  version?: number
}

/** What somebody reports at a pick-up, a hand-over or a return, beside the uploads. */
export type Evidence = Readonly<Record<string, unknown>>

/** An error as it is kept. */
export interface Refusal {
  /** Absent for an error that is not the server's. */
  code?: CaduceusError['code']
  message: string
  fields?: NonNullable<CaduceusError['fields']>
}

/** A step of a delivery that the driver has done. */
export interface Step {
  /** Also the idempotency key, so that a step is handed in once. */
  id: string
  /** The account whose step it is. */
  accountId: string
  orderId: string
  status: OrderStatus
  atMs: number
  reason?: string
  photo?: Blob
  signature?: Blob
  /** The addresses of the uploads, once they have arrived. */
  photoUrl?: string
  signatureUrl?: string
  /** What the customer paid, and why more or less than was due. */
  cashTaken?: number
  cashReason?: string
  /** Present when the goods need some. */
  evidence?: Evidence
  /** The code of a package; the step is its scan, and leaves the status. */
  scan?: string
  /** A break of the chain of custody; the step is its report, and leaves the status. */
  trouble?: { kind: string; note?: string }
  /** It could not be handed in at once, so it says when it happened. */
  waited?: true
  /** Why the server did not take it; it is not handed in again. */
  refused?: Refusal
  /** Its time by the server's clock, once that was known; ISO 8601. */
  happenedAt?: string
}

/** A step as the person does it, before it is the account's. */
export type NewStep = Omit<Step, 'accountId'>

const databaseName = 'caduceus-driver'
const storeName = 'steps'
const framesKey = 'caduceus.driver.frames'
const deliveriesKey = 'caduceus.driver.deliveries'
const sequenceKey = 'caduceus.driver.sequence'

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('the store failed')))
  })

let opened: Promise<IDBDatabase> | undefined
function database(): Promise<IDBDatabase> {
  opened ??= (async () => {
    const request = indexedDB.open(databaseName, 1)
    request.addEventListener('upgradeneeded', () =>
      request.result.createObjectStore(storeName, { keyPath: 'id' }),
    )
    return settled(request)
  })()
  return opened
}

async function within<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  return settled(act((await database()).transaction(storeName, mode).objectStore(storeName)))
}

/** Time for which steps wait for another account of the phone, ms, and the most of them. */
const othersWaitMs = 7 * 24 * 3_600_000
const othersMax = 100

/**
 * The kept steps of the account, in the order in which they were done. Forgets those of other
 * accounts that are too old or too many.
 */
export async function keptSteps(accountId: string): Promise<Step[]> {
  const steps: Step[] = await within('readonly', store => store.getAll())
  steps.sort((a, b) => a.atMs - b.atMs)
  const others = steps.filter(step => step.accountId !== accountId)
  for (const [i, { id, atMs }] of others.entries())
    if (others.length - i > othersMax || Date.now() - atMs > othersWaitMs) await forgetStep(id)
  return steps.filter(step => step.accountId === accountId)
}
export const keepStep = (step: Step): Promise<unknown> =>
  within('readwrite', store => store.put(step))
export const forgetStep = (id: string): Promise<unknown> =>
  within('readwrite', store => store.delete(id))

/** Numbers of frames, so that none is used twice on this phone. */
export const sequence = {
  load: (): number => Number(localStorage.getItem(sequenceKey)) || Math.floor(Date.now() / 1000),
  save: (next: number): void => localStorage.setItem(sequenceKey, String(next)),
}

interface Kept<Entry> {
  accountId: string
  entries: readonly Entry[]
}

function kept<Entry>(key: string, accountId: string): Entry[] {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? 'null') as Partial<Kept<Entry>> | null
    if (found?.accountId === accountId && found.entries !== undefined) return [...found.entries]
  } catch {
    // It is worth nothing, as what another account left.
  }
  localStorage.removeItem(key)
  return []
}
function keep<Entry>(key: string, { accountId, entries }: Kept<Entry>): void {
  try {
    if (entries.length === 0) localStorage.removeItem(key)
    else localStorage.setItem(key, JSON.stringify({ accountId, entries }))
  } catch {
    // The phone's store is full; the entries are still in memory.
  }
}

/** The positions of the account that wait. Forgets those of another account. */
export const keptFrames = (accountId: string): LocationFrame[] => kept(framesKey, accountId)
export const keepFrames = (accountId: string, entries: readonly LocationFrame[]): void =>
  keep(framesKey, { accountId, entries })

/** The deliveries of the account. Forgets those of another account. */
export const keptDeliveries = (accountId: string): Delivery[] => kept(deliveriesKey, accountId)
export const keepDeliveries = (accountId: string, entries: readonly Delivery[]): void =>
  keep(deliveriesKey, { accountId, entries })

/** Forgets the account's work on this phone, but for the steps that are not handed in. */
export async function forgetWork(accountId: string): Promise<void> {
  localStorage.removeItem(framesKey)
  localStorage.removeItem(deliveriesKey)
  for (const { id, refused } of await keptSteps(accountId))
    if (refused !== undefined) await forgetStep(id)
}
