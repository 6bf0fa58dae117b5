/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'

export const examples: Readonly<Record<string, Example>> = {
  exportMe: { as: 'customer', status: 200 },
  eraseMe: { as: 'customer', status: 202 },
  getErasure: { as: 'customer', status: 200 },
  takeBackErasure: { as: 'customer', status: 204 },
}
