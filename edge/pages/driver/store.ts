/**
 * What the driver's page keeps on the phone: steps that are not handed in yet, with their photos, and
 * positions that the server has not acknowledged. Everything goes when the driver signs out.
 */
import type { LocationFrame } from '../../../protocol/river/frames.ts'
import type { OrderStatus } from '../../../protocol/orders/statuses.ts'

/** A step of a delivery that the driver has done. */
export interface Step {
  /** Also the idempotency key, so that a step is handed in once. */
  id: string
  orderId: string
  status: OrderStatus
  atMs: number
  reason?: string
  photo?: Blob
  signature?: Blob
  /** The addresses of the uploads, once they have arrived. */
  photoUrl?: string
  signatureUrl?: string
}

const databaseName = 'caduceus-driver'
const storeName = 'steps'
const framesKey = 'caduceus.driver.frames'
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

/** The kept steps, in the order in which they were done. */
export async function keptSteps(): Promise<Step[]> {
  const steps: Step[] = await within('readonly', store => store.getAll())
  return steps.sort((a, b) => a.atMs - b.atMs)
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

export function keptFrames(): LocationFrame[] {
  try {
    return JSON.parse(localStorage.getItem(framesKey) ?? '[]') as LocationFrame[]
  } catch {
    return []
  }
}
export function keepFrames(frames: readonly LocationFrame[]): void {
  try {
    if (frames.length === 0) localStorage.removeItem(framesKey)
    else localStorage.setItem(framesKey, JSON.stringify(frames))
  } catch {
    // The phone's store is full; the positions are still in memory.
  }
}

/** Forgets everything about this driver's work. */
export async function forgetEverything(): Promise<void> {
  localStorage.removeItem(framesKey)
  await within('readwrite', store => store.clear())
}
