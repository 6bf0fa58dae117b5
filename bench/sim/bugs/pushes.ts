/** Deliberate bugs in the audience of pushes. None of them is in the product. */
import type { Effect } from '../../../engine/actors/effects.ts'
import { deliveryOf, type Order } from '../../../engine/orders/state.ts'
import { decodeBody, encodeBody } from '../../../protocol/bus/codec.ts'
import type { Bus } from '../../../protocol/bus/bus.ts'
import type { Push, PushList } from '../../../protocol/dispatch/pushes.ts'
import type { SocketMessage } from '../../../protocol/dispatch/messages.ts'
import type { Heard } from '../edge/edge.ts'
import { subjects } from '../../../protocol/bus/subjects.ts'
import { orders, withOrder, type Bug } from './bug.ts'

interface Topical {
  topic: string
  message: SocketMessage
}

/** Changes messages to topics; null leaves one out. */
const telling = (change: (told: Topical, order: Order) => Topical | null) =>
  withOrder({
    react: (event, state, atMs, source) =>
      orders.react(event, state, atMs, source).flatMap((effect): Effect[] => {
        if (effect.do !== 'push' || effect.push.kind !== 'topic') return [effect]
        const told = change(effect.push, state as Order)
        return told === null ? [] : [{ do: 'push', push: { kind: 'topic', ...told } }]
      }),
  })

/** Changes the pushes that an edge hears; null leaves one out. */
const hearing = (bus: Bus, change: (push: Push) => Push | null): Bus => ({
  ...bus,
  get connected() {
    return bus.connected
  },
  subscribe: (filter, handler, options) =>
    bus.subscribe(
      filter,
      filter !== subjects.pushAll
        ? handler
        : message => {
            const pushes = (decodeBody(message.body) as PushList)
              .map(change)
              .filter(push => push !== null)
            handler({ ...message, body: encodeBody(pushes) })
          },
      options,
    ),
})

export const pushBugs: Readonly<Record<string, Bug>> = {
  'status-to-a-stranger': {
    about: 'a pharmacy that was asked and did not get the order hears what becomes of it',
    rule: '[told]',
    seed: 1,
    kinds: () =>
      telling((told, order) => {
        const other =
          'broadcast' in order
            ? order.broadcast?.candidates.find(one => `vendor:${one.vendor_id}` !== told.topic)
            : undefined
        return told.topic.startsWith('vendor:') && other !== undefined
          ? { ...told, topic: `vendor:${other.vendor_id}` }
          : told
      }),
  },
  'phone-on-a-public-link': {
    about: "whoever has the link learns the driver's phone",
    rule: '[secret]',
    seed: 1,
    kinds: () =>
      telling((told, order) => {
        const driver = deliveryOf(order)?.driver
        return told.topic.startsWith('order:') && driver !== undefined
          ? { ...told, message: { ...told.message, driver_phone: driver.phone } as SocketMessage }
          : told
      }),
  },
  'customer-is-not-told': {
    about: 'nobody tells the customer that the order has come',
    rule: '[told]',
    seed: 1,
    kinds: () =>
      telling(told =>
        told.topic.startsWith('customer:') &&
        told.message.type === 'status' &&
        told.message.status === 'delivered'
          ? null
          : told,
      ),
  },
  'driver-is-not-told': {
    about: 'an edge drops what drivers are to hear of assignments',
    rule: '[heard]',
    seed: 1,
    edgeBus: bus =>
      hearing(bus, push =>
        push.kind === 'topic' && push.message.type === 'assigned' ? null : push,
      ),
  },
  'told-to-another-customer': {
    about: 'an edge tells two customers what one of them should hear',
    rule: '[told]',
    seed: 1,
    edgeBus(bus) {
      const customers = new Set<string>()
      return hearing(bus, push => {
        if (push.kind !== 'topic' || !push.topic.startsWith('customer:')) return push
        customers.add(push.topic)
        return { ...push, topic: [...customers][0]! }
      })
    },
  },
  'greeting-forgets-deliveries': {
    about: 'a driver who connects is not told what is under way: a lost push is never made up for',
    rule: '[live]',
    seed: 6,
    firstRows: (statement, rows) => (statement === 'first_under_way' ? [] : rows),
  },
  'watchers-forgotten': {
    about: 'an edge does not say whose positions its sockets follow',
    rule: '[heard]',
    seed: 1,
    edgeBus: bus => ({
      ...bus,
      get connected() {
        return bus.connected
      },
      publish: (subject, body, id) =>
        subject === subjects.interest || bus.publish(subject, body, id),
    }),
  },
  'told-again-when-over': {
    about: 'a terminal is told again of a request that it was told is over',
    rule: '[9]',
    seed: 1,
    socket(listener) {
      const requests = new Map<string, Heard>()
      return {
        closed: () => listener.closed(),
        heard(message) {
          const requestId = String(message['request_id'])
          listener.heard(message)
          if (message.type === 'new_request') requests.set(requestId, message)
          else if (message.type === 'request_taken' && requests.has(requestId))
            listener.heard(requests.get(requestId)!)
        },
      }
    },
  },
}
