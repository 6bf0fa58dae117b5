/** The steps of a delivery, from the request to the hand-over. */
import { orderStatuses, statusTable, type OrderStatus } from '../../../protocol/orders/statuses.ts'
import { el } from '../shared/elements.ts'
import { clock } from '../shared/quantities.ts'
import type { TrackedOrder } from './tracked-order.ts'

const usual = orderStatuses.filter(status => statusTable[status].step !== null)

type Progress = 'done' | 'now' | 'ahead' | 'bad'

/** The list items of the steps, with the time of each where it is known. */
export function stepItems(order: TrackedOrder): HTMLElement[] {
  const words = (status: OrderStatus): string => statusTable[status].step ?? ''
  const reached = usual.indexOf(order.status)
  if (reached >= 0)
    return usual.map((status, step) =>
      item(words(status), reachedAt(order, status), progressOf(step, reached, order.status)),
    )
  // The order ended in another way: known steps come first, then its end.
  const happened = usual.filter(status => reachedAt(order, status) !== null)
  return [
    ...happened.map(status => item(words(status), reachedAt(order, status), 'done')),
    item(statusTable[order.status].headline, null, 'bad'),
  ]
}

/** Time at which the order reached a status; null when it is not told. */
function reachedAt(order: TrackedOrder, status: OrderStatus): string | null {
  const field = statusTable[status].reachedAt
  return field === null ? null : (order[field] ?? null)
}

function progressOf(step: number, reached: number, status: OrderStatus): Progress {
  if (step < reached || status === 'delivered') return 'done'
  return step === reached ? 'now' : 'ahead'
}

function item(words: string, at: string | null, progress: Progress): HTMLElement {
  const current = progress === 'now' ? 'step' : null
  return el(
    'li',
    { 'data-state': progress, 'aria-current': current },
    words,
    at !== null && el('time', { datetime: at }, clock(at)),
  )
}
