/** Deliberate bugs of pushes: who hears what. None of them is in the product. */
import type { Effect } from '../../../engine/effects.ts'
import { deliveryOf, type Order } from '../../../engine/order/state.ts'
import { behaviours } from '../../../engine/runtime/behaviours.ts'
import type { SocketMessage } from '../../../protocol/pushes.ts'
import { withOrder, type Bug } from './bug.ts'

interface Topical { topic: string; message: SocketMessage }

/** Messages to topics, changed; null leaves one out. */
const telling = (change: (told: Topical, order: Order) => Topical | null) => withOrder({
  react: (event, state, atMs, source) => behaviours.order.react(event, state, atMs, source).flatMap((effect): Effect[] => {
    if (effect.do !== 'push' || effect.push.kind !== 'topic') return [effect]
    const told = change(effect.push, state as Order)
    return told === null ? [] : [{ do: 'push', push: { kind: 'topic', ...told } }]
  }),
})

export const pushBugs: Readonly<Record<string, Bug>> = {
  'status-to-a-stranger': {
    about: 'a pharmacy that was asked and did not get the order hears what becomes of it',
    rule: '[told]',
    seed: 1,
    behaviours: () => telling((told, order) => {
      const other = 'broadcast' in order ? order.broadcast?.candidates.find(one => `vendor:${one.vendor_id}` !== told.topic) : undefined
      return told.topic.startsWith('vendor:') && other !== undefined ? { ...told, topic: `vendor:${other.vendor_id}` } : told
    }),
  },
  'phone-on-a-public-link': {
    about: 'whoever has the link learns the driver\'s phone',
    rule: '[secret]',
    seed: 1,
    behaviours: () => telling((told, order) => {
      const driver = deliveryOf(order)?.driver
      return told.topic.startsWith('order:') && driver !== undefined ? { ...told, message: { ...told.message, driver_phone: driver.phone } } : told
    }),
  },
  'customer-is-not-told': {
    about: 'nobody tells the customer that the order has come',
    rule: '[told]',
    seed: 1,
    behaviours: () => telling(told => (told.topic.startsWith('customer:') && told.message['status'] === 'delivered' ? null : told)),
  },
}
