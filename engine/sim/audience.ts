/**
 * Checks the pushes and their recipients. Each push on the bus must be one that an event of its
 * actor asks for, word for word and to the right recipients. A push to a public link has no phone,
 * surname, address or token. An engine that publishes an event makes the pushes of this event in
 * the same turn.
 */
import type { LocationPush } from '../../protocol/tracking/positions.ts'
import type { Push } from '../../protocol/dispatch/pushes.ts'
import type { StoredEvent } from '../journal/journal.ts'
import type { Findings } from './findings.ts'
import { candidatesOf, type OrderModel } from './model/order.ts'
import { canonical, requestBody, toldKm } from './model/pushes.ts'
import type { SimNode } from './node.ts'

/**
 * An event whose pushes are still to come. `pushes` are those with the state of its own time; an
 * engine that repeats them later uses the state of that time.
 */
interface Owed {
  stored: StoredEvent
  committedMs: number
  pushes: readonly string[]
}
/** A message of an event that must reach every connected recipient. */
export interface Told {
  topic: string
  text: string
  atMs: number
  actorId: string
}

/** The pushes that events ask for, and the checks of the pushes that processes make. */
export class Audience {
  readonly #findings: Findings
  /** By actor, the pushes that its events ask for. */
  readonly #allowed = new Map<string, Set<string>>()
  /** By actor, its events. */
  readonly #events = new Map<string, StoredEvent[]>()
  /** By event id, the events that no process has published. */
  readonly #owed = new Map<string, Owed>()
  /** By process, its pushes of this turn. */
  readonly #pushed = new Map<SimNode, Set<string>>()
  /** Called for each message to a topic that an event asks for. */
  onTold: (told: Told) => void = () => {}
  /** Number of pushes so far. */
  pushes = 0

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Takes the events of one transaction, after they are folded. */
  committed(events: readonly StoredEvent[], nowMs: number): void {
    for (const stored of events) {
      const known = this.#events.get(stored.actorId)
      if (known === undefined) this.#events.set(stored.actorId, [stored])
      else known.push(stored)
      const pushes = this.#pushesOf(stored, this.#past(stored).length - 1)
      const allowed = this.#allowedOf(stored.actorId)
      const texts = pushes.map(push => textOf(push))
      for (const text of texts) allowed.add(text)
      this.#owed.set(`${stored.slot}.${stored.seq}`, { stored, committedMs: nowMs, pushes: texts })
      for (const push of pushes)
        if (push.kind === 'topic')
          this.onTold({
            topic: push.topic,
            text: canonical(push.message),
            atMs: nowMs,
            actorId: stored.actorId,
          })
    }
  }

  /** The states of the actor, by version. */
  #past({ kind, actorId }: StoredEvent): readonly unknown[] {
    return this.#findings.booksOf(kind).past(actorId)
  }

  /** The pushes of an event when its actor has the state after `version` events. */
  #pushesOf(stored: StoredEvent, version: number): Push[] {
    return this.#findings.booksOf(stored.kind).pushesOf(stored, version)
  }

  #allowedOf(actorId: string): Set<string> {
    let allowed = this.#allowed.get(actorId)
    if (allowed === undefined) this.#allowed.set(actorId, (allowed = new Set()))
    return allowed
  }

  /** A process handed pushes to the bus. */
  pushed(node: SimNode, pushes: readonly Push[]): void {
    let turn = this.#pushed.get(node)
    if (turn === undefined) this.#pushed.set(node, (turn = new Set()))
    for (const push of pushes) {
      this.pushes++
      const text = textOf(push)
      turn.add(text)
      this.#judge(push, text)
    }
  }

  #judge(push: Push, text: string): void {
    const actorId = actorOf(push)
    const order = this.#findings.orders.get(actorId)?.order
    if (push.kind === 'topic' && push.topic.startsWith('order:') && order !== undefined)
      this.#secret(push.topic, text, order)
    if (this.#allowed.get(actorId)?.has(text) === true) return
    if (push.kind === 'new_request' && order !== undefined && this.#repeats(push, order)) return
    if (this.#allLater(actorId).has(text)) return
    this.#findings.fail(
      '[told]',
      `${push.kind === 'topic' ? push.topic : push.kind} was told ${text}, which no event asks for`,
      actorId,
    )
  }

  /** Is it an open request that is sent again to some of its candidates? */
  #repeats(push: Extract<Push, { kind: 'new_request' }>, order: OrderModel): boolean {
    const kms = new Map(candidatesOf(order).map(one => [one.vendor_id, toldKm(one)]))
    return (
      canonical(push.body) === canonical(requestBody(order)) &&
      push.vendor_ids.every((id, i) => kms.get(id) === push.distances_km[i])
    )
  }

  /** All pushes of an actor's events that an engine may repeat later. */
  #allLater(actorId: string): Set<string> {
    const allowed = this.#allowedOf(actorId)
    for (const stored of this.#events.get(actorId) ?? [])
      for (let version = stored.version; version < this.#past(stored).length; version++)
        for (const push of this.#pushesOf(stored, version)) allowed.add(textOf(push))
    return allowed
  }

  /** Anybody may hold the link, so a message to its holders must not reveal a secret. */
  #secret(topic: string, text: string, order: OrderModel): void {
    const { wish, token, driver, vendor } = order
    const surname = (name: string): string => name.trim().split(/\s+/).slice(1).join(' ')
    const secrets = [
      wish.customer_phone,
      surname(wish.customer_name),
      wish.dropoff.address,
      token,
      driver?.phone,
      surname(driver?.name ?? ''),
      vendor?.phone,
    ]
    for (const secret of secrets)
      if (secret != null && secret.length > 2 && text.includes(secret))
        this.#findings.fail('[secret]', `${topic} was told ${secret}: ${text}`, order.id)
  }

  /**
   * A process handed an event to the bus for the first time. If its link was up since before the
   * event, the process must hand over the pushes of the event too. `later` runs a check when the
   * turn is over.
   */
  fact(node: SimNode, id: string, linkUpSinceMs: number, later: (run: () => void) => void): void {
    const owed = this.#owed.get(id)
    if (owed === undefined) return
    this.#owed.delete(id)
    if (linkUpSinceMs >= owed.committedMs) return
    later(() => {
      if (!node.alive || owed.pushes.length === 0) return
      const said = this.#pushed.get(node) ?? new Set()
      if (owed.pushes.every(text => said.has(text))) return
      const { stored } = owed
      const versions = [...this.#past(stored).keys()].filter(version => version >= stored.version)
      const repeats = versions.some(version =>
        this.#pushesOf(stored, version).every(push => said.has(textOf(push))),
      )
      if (!repeats)
        this.#findings.fail(
          '[told]',
          `${node.name} published ${id} ${stored.event.type} and did not tell ${owed.pushes.find(text => !said.has(text))}`,
          stored.actorId,
        )
    })
  }

  /** A turn of a process is over. */
  forget(node: SimNode): void {
    this.#pushed.delete(node)
  }

  /** Positions of orders on their way to an edge: each must be one of the order's driver. */
  located({ orders }: LocationPush): void {
    for (const { order_id, latitude, longitude, at_ms } of orders) {
      // The order may have had another driver when the position was sent.
      const drivers = new Set(
        (this.#findings.orders.get(order_id)?.past ?? [])
          .map(one => one?.driver?.driver_id)
          .filter(id => id !== undefined),
      )
      if (drivers.size === 0)
        this.#findings.fail('[told]', 'a position of an order that has no driver', order_id)
      else if (
        ![...drivers].some(id => this.#findings.witness.wasAt(id, at_ms, { latitude, longitude }))
      )
        this.#findings.fail(
          '[told]',
          `driver ${[...drivers].join(' or ')} at ${latitude}, ${longitude}, where the device was not`,
          order_id,
        )
    }
  }

  /** Checks that a message to a socket belongs to the socket's owner. */
  heardBy(
    role: 'customer' | 'vendor' | 'driver',
    id: string,
    message: Readonly<Record<string, unknown>>,
  ): void {
    const orderId = String(message['order_id'] ?? message['request_id'] ?? '')
    const book = this.#findings.orders.get(orderId)
    if (book === undefined) return
    const { order, past } = book
    const isTheirs =
      role === 'customer'
        ? order.wish.customer_id === id
        : role === 'vendor'
          ? candidatesOf(order).some(one => one.vendor_id === id) || order.vendor?.vendor_id === id
          : past.some(one => one.driver?.driver_id === id || one.offer?.driver_id === id)
    if (!isTheirs)
      this.#findings.fail(
        '[told]',
        `${role} ${id} was told of an order that is not theirs: ${JSON.stringify(message)}`,
        orderId,
      )
  }
}

/**
 * The push as text. The words of a message in a conversation are in no event, and after a crash the
 * push only names the number; both forms are one text.
 */
const textOf = (push: Push): string => {
  if (push.kind !== 'topics') return canonical(push)
  const { topics, message } = push
  const { conversation_id, entry, last_number } = message as {
    conversation_id?: string
    entry?: { number: number }
    last_number?: number
  }
  const number = entry?.number ?? last_number
  return canonical(number === undefined ? push : { topics, conversation_id, number })
}

/** The id of the actor whose event asks for a push. */
function actorOf(push: Push): string {
  if (push.kind === 'new_request') return push.body.request_id
  if (push.kind === 'request_closed') return push.request_id
  const { message } = push
  const fields: Readonly<Record<string, unknown>> = { ...message }
  if (push.kind === 'topics') return String(fields['conversation_id'])
  const { topic } = push
  const [about, id] = topic.split(':') as [string, string]
  if (about === 'driver' && message.type !== 'assigned' && message.type !== 'assignment_ended')
    return id
  return about === 'order'
    ? id
    : String(
        fields['order_id'] ??
          fields['request_id'] ??
          fields['service_id'] ??
          fields['driver_id'] ??
          id,
      )
}
