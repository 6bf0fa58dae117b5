/** One request for each operation of this feature. */
import type { Example } from '../kernel/example.ts'

export const examples: Readonly<Record<string, Example>> = {
  findPlaces: { as: 'customer', query: { text: '7 Long Lane' }, status: 200 },
}
