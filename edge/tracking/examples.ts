/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

export const examples: Readonly<Record<string, Example>> = {
  track: { params: { token: of.trackingToken }, status: 200 },
}
