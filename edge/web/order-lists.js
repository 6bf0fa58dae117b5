/** Lists of orders as the pages need them: all that is open, however old, and what is over page by page. */
import { hasEnded, statusesWith } from './statuses.js'

const pageMax = 200
const openStatuses = statusesWith('ended', false)

/** All orders that are not over, oldest first. `path`: whose. */
export async function openOrders(account, path) {
  const lists = await Promise.all(
    openStatuses.map(async status => {
      const found = []
      for (let cursor = null; ;) {
        const { orders, next_cursor } = await account.call(
          'GET',
          `${path}?status=${status}&limit=${pageMax}${cursor === null ? '' : `&cursor=${cursor}`}`,
        )
        found.push(...orders)
        if (next_cursor === null) return found
        cursor = next_cursor
      }
    }),
  )
  return lists.flat().sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
}

/** What is over, newest first, some at a time: `more()` gives the next ones, and `done` is true after the last. */
export class PastOrders {
  done = false
  #account
  #path
  #cursor = null

  constructor(account, path) {
    this.#account = account
    this.#path = path
  }

  async more() {
    const { orders, next_cursor } = await this.#account.call(
      'GET',
      `${this.#path}?limit=20${this.#cursor === null ? '' : `&cursor=${this.#cursor}`}`,
    )
    this.#cursor = next_cursor
    this.done = next_cursor === null
    return orders.filter(order => hasEnded(order.status))
  }
}
