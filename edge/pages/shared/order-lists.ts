/** Lists of orders for the pages: every open order, however old, and the past ones page by page. */
import type { RestClient } from '../../../protocol/client/index.ts'
import { hasEnded, statusesWith } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'

interface OrderPage {
  orders: OrderView[]
  next_cursor: string | null
}

const openPageMax = 200
const pastPageMax = 20
const openStatuses = statusesWith('ended', false)

/** All orders that have not ended, oldest first. `path` is the list of their owner. */
export async function openOrders(api: RestClient, path: string): Promise<OrderView[]> {
  const lists = await Promise.all(
    openStatuses.map(async status => {
      const found: OrderView[] = []
      let cursor: string | undefined
      do {
        const page: OrderPage = await api.call('GET', path, {
          query: { status, limit: openPageMax, cursor },
        })
        found.push(...page.orders)
        cursor = page.next_cursor ?? undefined
      } while (cursor !== undefined)
      return found
    }),
  )
  return lists.flat().sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
}

/** Orders that have ended, newest first. */
export class PastOrders {
  readonly #api: RestClient
  readonly #path: string
  #cursor: string | undefined
  /** True when `more` has returned the last ones. */
  isDone = false

  constructor(api: RestClient, path: string) {
    this.#api = api
    this.#path = path
  }

  /** The next page. */
  async more(): Promise<OrderView[]> {
    const { orders, next_cursor }: OrderPage = await this.#api.call('GET', this.#path, {
      query: { limit: pastPageMax, cursor: this.#cursor },
    })
    this.#cursor = next_cursor ?? undefined
    this.isDone = next_cursor === null
    return orders.filter(order => hasEnded(order.status))
  }
}
