/**
 * Clients that only listen: a customer, the holder of a tracking link, a pharmacy's fleet map. Each
 * is a connection that reconnects, with events named after the messages.
 */
import type { Entry as ConversationEntry } from '../conversations/parts.ts'
import type { SaidOn } from '../dispatch/messages.ts'
import { Connection, type ConnectOptions } from './connection.ts'
import { Emitter } from './emitter.ts'
import type {
  ChatGreeting,
  ConnectionNews,
  CustomerGreeting,
  FleetMember,
  LiveGreeting,
  MessageEvents,
} from './messages.ts'
import { Talk } from './talk.ts'

export interface CustomerEvents extends ConnectionNews, MessageEvents<'customer'> {
  open: CustomerGreeting
}
/** `state`, the whole state, comes the first time and after each reconnection. */
export interface TrackerEvents extends ConnectionNews, MessageEvents<'tracking'> {}
/** `fleet`, with every driver, comes the first time and after each reconnection. */
export interface FleetEvents extends ConnectionNews, MessageEvents<'fleet'> {}

/** A connection whose messages are its events. */
class Watcher<Events extends ConnectionNews> extends Emitter<Events> {
  protected readonly connection: Connection<{ type: string }>

  constructor(path: string, options: ConnectOptions) {
    super()
    this.connection = new Connection(path, options)
    this.connection.on('closed', closed => this.emit('closed', closed))
    this.connection.on('message', message =>
      this.emit(message.type as keyof Events, message as Events[keyof Events]),
    )
  }

  get isOpen(): boolean {
    return this.connection.isOpen
  }
  close(): void {
    this.connection.close()
  }
}

export class Customer extends Watcher<CustomerEvents> {
  readonly talk = new Talk(this.connection)

  constructor(options: ConnectOptions) {
    super('/ws/customer/', options)
    this.connection.on('open', greeting => this.emit('open', greeting as CustomerGreeting))
  }
}

export interface TripEvents extends ConnectionNews, MessageEvents<'trips'> {
  open: CustomerGreeting
}

/** The trips of a person. Those that are followed are followed again after each reconnection. */
export class Trips extends Watcher<TripEvents> {
  readonly #followed = new Set<string>()

  constructor(userId: string, options: ConnectOptions) {
    super(`/ws/${encodeURIComponent(userId)}`, options)
    this.connection.on('open', greeting => {
      for (const tripId of this.#followed) this.#subscribe(tripId)
      this.emit('open', greeting as CustomerGreeting)
    })
    // A refused trip is not asked for again.
    this.on('error', ({ code, id }) => {
      if (code === 'order_not_found' && id !== undefined) this.#followed.delete(id)
    })
  }

  /** Asks for the present state of a trip and for the positions of its driver. */
  follow(tripId: string): void {
    this.#followed.add(tripId)
    if (this.isOpen) this.#subscribe(tripId)
  }

  #subscribe(trip_id: string): void {
    this.connection.send({ type: 'subscribe_trip', trip_id, id: trip_id })
  }
}

export class Tracker extends Watcher<TrackerEvents> {}

export class Fleet extends Watcher<FleetEvents> {
  /** Every driver, as in the last message. */
  readonly drivers = new Map<string, FleetMember>()
  /** For the pharmacy; an administrator talks with `connectChat`. */
  readonly talk = new Talk(this.connection)

  constructor(path: string, options: ConnectOptions) {
    super(path, options)
    this.on('fleet', ({ drivers }) => {
      this.drivers.clear()
      for (const driver of drivers) this.drivers.set(driver.driver_id, driver)
    })
    this.on('locations', ({ drivers }) => {
      for (const driver of drivers)
        this.drivers.set(driver.driver_id, { ...this.drivers.get(driver.driver_id), ...driver })
    })
    this.on('driver_status', ({ driver_id, status }) => {
      const known = this.drivers.get(driver_id)
      if (known !== undefined) this.drivers.set(driver_id, { ...known, status })
    })
  }
}

/** After each `open` the lists of drivers and orders must be read anew. */
export interface LiveEvents extends ConnectionNews, MessageEvents<'live'> {
  open: LiveGreeting
}

export class Live extends Watcher<LiveEvents> {
  constructor(options: ConnectOptions) {
    super('/ws/live', options)
    this.connection.on('open', greeting => this.emit('open', greeting as LiveGreeting))
  }
}

export interface ChatEvents extends ConnectionNews, MessageEvents<'chat'> {
  /** With the last numbers of the newest conversations; it comes after each reconnection. */
  open: ChatGreeting
  /** An entry of a conversation that is followed: each once, and in the order of their numbers. */
  entry: { conversation_id: string; entry: ConversationEntry }
}

/**
 * The conversations of a person. A conversation that is followed tells each of its entries once and
 * in order: what was missed is asked for, and what is known is dropped.
 */
export class Chat extends Watcher<ChatEvents> {
  /** The last number that was told, by conversation. */
  readonly #last = new Map<string, number>()
  /** Conversations for which a gap was asked, so that one answer is waited for. */
  readonly #asked = new Set<string>()

  constructor(options: ConnectOptions) {
    super('/ws/chat', options)
    this.connection.on('open', message => {
      const greeting = message as ChatGreeting
      const { conversations } = greeting
      this.#asked.clear()
      const known = new Map(conversations.map(one => [one.conversation_id, one.last_number]))
      // An old conversation may not be in the greeting.
      for (const [id, last] of this.#last) if ((known.get(id) ?? Infinity) > last) this.#resume(id)
      this.emit('open', greeting)
    })
    this.on('conversation_entry', ({ conversation_id, entry }) => {
      const last = this.#last.get(conversation_id)
      if (last === undefined || entry.number <= last) return
      if (entry.number === last + 1) this.#tell(conversation_id, entry)
      else this.#resume(conversation_id)
    })
    this.on('conversation_changed', ({ conversation_id, last_number }) => {
      const last = this.#last.get(conversation_id)
      if (last !== undefined && last_number > last) this.#resume(conversation_id)
    })
    this.on('messages', ({ conversation_id, messages, last_number }) => {
      this.#asked.delete(conversation_id)
      const last = this.#last.get(conversation_id)
      if (last === undefined) return
      for (const entry of messages)
        if (entry.number === this.#last.get(conversation_id)! + 1)
          this.#tell(conversation_id, entry)
      if (this.#last.get(conversation_id)! < last_number) this.#resume(conversation_id)
    })
    // A refusal must not stop the next try.
    this.on('error', ({ id }) => {
      for (const asked of this.#asked) if (id === resumeId(asked)) this.#asked.delete(asked)
    })
    this.on('reload', ({ conversation_id }) => {
      this.#asked.delete(conversation_id)
      this.#last.delete(conversation_id)
    })
  }

  /**
   * Follows a conversation of which everything up to `lastNumber` is known. After a `reload` read
   * its newest messages and call it again.
   */
  follow(conversationId: string, lastNumber: number): void {
    this.#last.set(conversationId, lastNumber)
    this.#resume(conversationId)
  }
  unfollow(conversationId: string): void {
    this.#last.delete(conversationId)
    this.#asked.delete(conversationId)
  }

  /**
   * Sends a message; `send_result` is the answer. False while there is no connection. Say it again
   * under the same `id` until the answer comes.
   */
  say(message: Omit<SaidOn<'chat'> & { type: 'send' }, 'type'>): boolean {
    return this.connection.send({ type: 'send', ...message })
  }
  /** Call it when the messages were on the screen. */
  read(conversation_id: string, number: number): boolean {
    return this.connection.send({ type: 'read', conversation_id, number })
  }
  /** Say it every 20 seconds while it is so. */
  be(conversation_id: string, state: 'here' | 'typing' | 'away'): boolean {
    return this.connection.send({ type: 'presence', conversation_id, state })
  }

  #tell(conversation_id: string, entry: ConversationEntry): void {
    this.#last.set(conversation_id, entry.number)
    this.emit('entry', { conversation_id, entry })
  }

  #resume(conversation_id: string): void {
    if (this.#asked.has(conversation_id)) return
    const after = this.#last.get(conversation_id)!
    const id = resumeId(conversation_id)
    if (this.connection.send({ type: 'resume', conversation_id, after, id }))
      this.#asked.add(conversation_id)
  }
}

const resumeId = (conversationId: string): string => `resume ${conversationId}`

/** Connects the signed-in person's conversations, now and again after each loss, until `close`. */
export function connectChat(options: ConnectOptions): Chat {
  return new Chat(options)
}

/** Connects an operator, or a pharmacy that looks at itself, now and again until `close`. */
export function connectLive(options: ConnectOptions): Live {
  return new Live(options)
}

/** Connects the signed-in customer, now and again after each loss, until `close`. */
export function connectCustomer(options: ConnectOptions): Customer {
  return new Customer(options)
}

/** Connects a person's trips, in the words of the rides backend. */
export function connectTrips(options: ConnectOptions & { userId: string }): Trips {
  return new Trips(options.userId, options)
}

/** Needs no account: the token of the link is enough. */
export function connectTracker(
  options: Omit<ConnectOptions, 'token'> & { trackingToken: string },
): Tracker {
  return new Tracker(`/ws/tracking/${encodeURIComponent(options.trackingToken)}`, options)
}

/** Watches the drivers of a pharmacy, as that pharmacy or as an administrator. */
export function connectFleet(options: ConnectOptions & { vendorId: string }): Fleet {
  return new Fleet(`/ws/vendor/${encodeURIComponent(options.vendorId)}`, options)
}
