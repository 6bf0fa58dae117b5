/**
 * The bus inside one process. One queue for all subjects keeps the order (B2). Delivery runs on
 * setImmediate, so a handler never runs inside a `publish`.
 *
 * Rejected: microtasks. Two parties that answer each other in microtasks keep the event loop from
 * its sockets. One turn of the loop costs about ten microseconds, far less than the commit that a
 * command waits for, and it gathers messages into a batch. A batch is bounded, so that a flood of
 * locations leaves turns to others.
 */
import { CaduceusError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'
import { BodyCopies } from './body-copies.ts'
import type { Bus, BusHandler, BusMessage } from './bus.ts'
import { checkBody, checkFilter, checkSubject, Losses, logToStderr, type Log } from './checks.ts'
import { Matcher } from './matcher.ts'

/** Messages delivered before the event loop gets its turn. */
const batchMessagesMax = 1_024

interface Subscriber {
  readonly handler: BusHandler
  readonly queue: string | undefined
  active: boolean
}
interface Delivery {
  subject: string
  body: Uint8Array
  to: Subscriber[]
  respond: ((body: Uint8Array) => void) | undefined
}

/** A bus of its own, without a server. It is connected until it is closed. */
export function memoryBus(options: { onLog?: Log } = {}): Bus {
  const losses = new Losses(options.onLog ?? logToStderr)
  const subscribers = new Matcher<Subscriber>()
  const statusListeners = new Set<(connected: boolean) => void>()
  const copies = new BodyCopies()
  const waitingRequests = new Set<(problem: CaduceusError) => void>()
  let queue: Delivery[] = []
  /** The batch that is being delivered, and the position in it. */
  let current: Delivery[] = []
  let at = 0
  let scheduled = false
  let open = true
  /** Number of queue group choices so far, so that members take turns. */
  let turn = 0
  let idleWaiters: { deliveries: number; resolve: () => void }[] = []
  let accepted = 0
  let delivered = 0

  function enqueue(delivery: Delivery): boolean {
    if (accepted - delivered >= limits.busQueueMessagesMax) return false
    queue.push(delivery)
    accepted++
    schedule()
    return true
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(drain)
  }

  function drain(): void {
    scheduled = false
    for (let budget = batchMessagesMax; budget > 0; budget--) {
      if (at === current.length) {
        // Deliver only the messages that waited when this batch began. Messages that handlers
        // publish now wait for the next turn.
        if (budget < batchMessagesMax || queue.length === 0) break
        current = queue
        queue = []
        at = 0
      }
      deliver(current[at++]!)
      delivered++
    }
    if (at === current.length) {
      current = []
      at = 0
    }
    if (idleWaiters.length > 0) {
      for (const waiter of idleWaiters) if (waiter.deliveries <= delivered) waiter.resolve()
      idleWaiters = idleWaiters.filter(waiter => waiter.deliveries > delivered)
    }
    if (delivered < accepted) schedule()
  }

  function deliver(delivery: Delivery): void {
    const receivers = chooseReceivers(delivery.to)
    for (const [i, receiver] of receivers.entries()) {
      // B11: each handler owns its bytes. The last handler takes the copy that publish made.
      const body = i === receivers.length - 1 ? delivery.body : Buffer.from(delivery.body)
      const message: BusMessage = delivery.respond
        ? { subject: delivery.subject, body, respond: delivery.respond }
        : { subject: delivery.subject, body }
      losses.handle(receiver.handler, message)
    }
  }

  /**
   * One member per queue group. It is chosen at delivery, so that a member that left in between
   * loses nothing.
   */
  function chooseReceivers(candidates: Subscriber[]): Subscriber[] {
    if (candidates.length === 1) return candidates[0]!.active ? candidates : []
    const receivers: Subscriber[] = []
    const groups = new Map<string, Subscriber[]>()
    for (const candidate of candidates) {
      if (!candidate.active) continue
      if (candidate.queue === undefined) {
        receivers.push(candidate)
        continue
      }
      const members = groups.get(candidate.queue)
      if (members) members.push(candidate)
      else groups.set(candidate.queue, [candidate])
    }
    for (const members of groups.values()) receivers.push(members[turn++ % members.length]!)
    return receivers
  }

  const untilDelivered = (): Promise<void> =>
    delivered === accepted
      ? Promise.resolve()
      : new Promise(resolve => idleWaiters.push({ deliveries: accepted, resolve }))

  return {
    publish(subject, body, messageId) {
      checkSubject(subject)
      if (!open) return false
      const to = subscribers.match(subject)
      if (to.length === 0 && typeof body === 'function') return true
      const bytes = losses.bytesOf(subject, body, limits.busMessageBytesMax, messageId)
      if (bytes === null) return false
      return (
        to.length === 0 || enqueue({ subject, body: copies.copy(bytes), to, respond: undefined })
      )
    },

    request(subject, body, timeoutMs) {
      return new Promise<Uint8Array>((resolve, reject) => {
        checkSubject(subject)
        checkBody(body)
        const to = open ? subscribers.match(subject) : []
        if (to.length === 0)
          throw new CaduceusError('unavailable', open ? `nobody answers ${subject}` : 'bus closed')
        const settle = (): void => {
          clearTimeout(timer)
          waitingRequests.delete(fail)
        }
        const fail = (problem: CaduceusError): void => {
          settle()
          reject(problem)
        }
        // After the first call both have no effect: a promise settles once.
        const respond = (answer: Uint8Array): void => {
          checkBody(answer)
          settle()
          resolve(Buffer.from(answer))
        }
        // The real clock is right here: a request is I/O of the adapter, and the simulator has its
        // own bus.
        const timer = setTimeout(
          () =>
            fail(new CaduceusError('unavailable', `no answer to ${subject} in ${timeoutMs} ms`)),
          timeoutMs,
        )
        waitingRequests.add(fail)
        if (!enqueue({ subject, body: Buffer.from(body), to, respond }))
          fail(new CaduceusError('unavailable', 'bus queue full'))
      })
    },

    subscribe(filter, handler, { queue } = {}) {
      checkFilter(filter)
      const subscriber: Subscriber = { handler, queue, active: true }
      subscribers.add(filter, subscriber)
      return {
        unsubscribe() {
          subscriber.active = false
          subscribers.remove(filter, subscriber)
        },
      }
    },

    get connected() {
      return open
    },
    lossless: true,
    messageBytesMax: limits.busMessageBytesMax,
    losses: losses.counts,

    onStatus(listener) {
      statusListeners.add(listener)
      return () => {
        statusListeners.delete(listener)
      }
    },

    flush: untilDelivered,

    async close() {
      if (!open) return untilDelivered()
      open = false
      await untilDelivered()
      for (const fail of waitingRequests) fail(new CaduceusError('unavailable', 'bus closed'))
      for (const listener of statusListeners) listener(false)
    },
  }
}
