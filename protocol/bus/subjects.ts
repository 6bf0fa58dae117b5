/**
 * Every NATS subject, in one table. Filters derive from the same functions, so a subject and its
 * subscription cannot differ.
 */
import { slotOf } from '../kernel/slots.ts'

const prefix = 'caduceus.v1'

export const subjects = {
  /** Location batches of one geohash region of three characters. */
  location: (geohash3: string) => `${prefix}.location.${geohash3}`,
  locationFilter: `${prefix}.location.>`,

  /** Commands from other services. Any engine takes one and passes it to the owner. */
  command: (actor: string, verb: string) => `${prefix}.command.${actor}.${verb}`,
  commandFilter: `${prefix}.command.*.*`,
  /**
   * The same with the name of the sender. The NATS server adds it when the service has an account
   * of its own (protocol/bus/nats-server.conf), so the sender cannot invent it.
   */
  commandOf: (actor: string, verb: string, service: string) =>
    `${prefix}.command.${actor}.${verb}.${service}`,
  commandOfFilter: `${prefix}.command.*.*.*`,
  /**
   * Commands to the owner of one slot; one subject per slot, because queue groups do not keep
   * order.
   */
  slotCommand: (slot: number) => `${prefix}.slot.${slot}`,

  /** Facts, published after commit. */
  event: (actor: string, type: string, id: string) => `${prefix}.event.${actor}.${type}.${id}`,
  eventFilter: `${prefix}.event.>`,
  /**
   * The same facts under the names of the older system: `trip.requested`, `payment.processed`, ...
   */
  olderTopic: (topic: string, orderId: string) => `${prefix}.${topic}.${orderId}`,
  tripFilter: `${prefix}.trip.>`,
  paymentFilter: `${prefix}.payment.>`,
  /** Live positions by the late-data policy, every few seconds. Never in a stream. */
  driverLocations: `${prefix}.driver.location.updated`,

  /** To every edge: messages for sockets, addressed by topic. */
  pushAll: `${prefix}.push.all`,
  /** To one edge: the coalesced locations that its sockets watch. */
  pushEdge: (edgeId: string) => `${prefix}.push.edge.${edgeId}`,

  /** From an edge to every engine: the orders and fleets that its sockets watch. */
  interest: `${prefix}.interest`,
  /**
   * From an edge to every engine: pharmacy terminals that have connected and want the open
   * requests.
   */
  terminals: `${prefix}.terminals`,
  /** From an edge to every engine: a pharmacy was registered or changed. */
  directory: `${prefix}.directory.vendor`,
  /**
   * From an engine to every engine: its drivers whose availability changed, or all of them from
   * time to time and when asked.
   */
  roster: `${prefix}.roster.rows`,
  rosterWanted: `${prefix}.roster.wanted`,
  /** From an edge to the edge that delivers webhooks: look now. A hint, which may be lost. */
  webhookNudge: `${prefix}.webhooks.nudge`,
  /**
   * From an engine that joined, gave slots up or left, to every engine: look now. A hint, which may
   * be lost.
   */
  slotsChanged: `${prefix}.slots.changed`,
  /**
   * From an edge to every edge: the access of an account has ended, look now. A hint, which may be
   * lost.
   */
  accessEnded: `${prefix}.access.ended`,
  /** From an edge to every edge: somebody looks at a conversation or writes. It may be lost. */
  presence: `${prefix}.presence`,
  /** From an edge to every edge: numbers of unread notifications, for sockets. It may be lost. */
  notifications: `${prefix}.notifications`,
  /** Where is this driver, and how far from a point? Any engine answers. */
  queryPosition: `${prefix}.query.position`,
  /** From an edge to every process: say how you are. */
  figuresWanted: `${prefix}.figures.wanted`,
  /** The answers, to every edge that asks now. */
  figuresTold: `${prefix}.figures.told`,
  /** Who is alive? Every engine answers; health checks use it. */
  queryHealth: `${prefix}.query.health`,
} as const

/** Commands to the owner of one actor. */
export const ownerSubject = (actorId: string): string => subjects.slotCommand(slotOf(actorId))

/**
 * The subject of a fact for one service, which hears only the facts of its own pharmacies. The NATS
 * server delivers them under the normal subject. `subject` is the normal subject or a filter.
 */
export const ofService = (service: string, subject: string): string =>
  `${prefix}.service.${service}.${subject.slice(prefix.length + 1)}`

/** A JetStream stream, and the subjects that it stores. */
export interface EventStream {
  readonly name: string
  readonly filters: readonly string[]
}
/** The stream of facts, under both of their names. */
export const eventStream: EventStream = {
  name: 'CADUCEUS_EVENTS',
  filters: [subjects.eventFilter, subjects.tripFilter, subjects.paymentFilter],
}
/** Queue group in which engines take commands of other services and position queries. */
export const engineQueue = 'caduceus-engines'
