/**
 * Every NATS subject, in one table; filters are derived from the same functions, so a subject and
 * its subscription cannot drift apart.
 */
const prefix = 'caduceus.v1'

export const subjects = {
  /** Location batches of one geohash region of three characters. */
  location: (geohash3: string) => `${prefix}.location.${geohash3}`,
  locationFilter: `${prefix}.location.>`,

  /** Commands as other services send them; any engine takes them and routes to the owner. */
  command: (actor: string, verb: string) => `${prefix}.command.${actor}.${verb}`,
  commandFilter: `${prefix}.command.*.*`,
  /**
   * The same with the sender's name, which the NATS server adds when the service has an account of its
   * own (protocol/bus/nats-server.conf): a name that is in the subject cannot be made up by the sender.
   */
  commandOf: (actor: string, verb: string, service: string) =>
    `${prefix}.command.${actor}.${verb}.${service}`,
  commandOfFilter: `${prefix}.command.*.*.*`,
  /** Commands to the owner of one slot; one subject per slot, because queue groups do not keep order. */
  slotCommand: (slot: number) => `${prefix}.slot.${slot}`,

  /** Facts, after commit. */
  event: (actor: string, type: string, id: string) => `${prefix}.event.${actor}.${type}.${id}`,
  eventFilter: `${prefix}.event.>`,
  /** The same facts under the names of the system before this one: `trip.requested`, `payment.processed`, ... */
  olderTopic: (topic: string, orderId: string) => `${prefix}.${topic}.${orderId}`,
  tripFilter: `${prefix}.trip.>`,
  paymentFilter: `${prefix}.payment.>`,
  /** Live positions by the late-data policy, a few seconds apart. Never in a stream. */
  driverLocations: `${prefix}.driver.location.updated`,

  /** To every edge: what sockets must hear, addressed by topic. */
  pushAll: `${prefix}.push.all`,
  /** To one edge: the coalesced locations that its sockets watch. */
  pushEdge: (edgeId: string) => `${prefix}.push.edge.${edgeId}`,

  /** From an edge to every engine: what its sockets watch. */
  interest: `${prefix}.interest`,
  /** From an edge to every engine: pharmacy terminals that (re)connected and want open requests. */
  terminals: `${prefix}.terminals`,
  /** From an edge to every engine: a pharmacy was registered or changed. */
  directory: `${prefix}.directory.vendor`,
  /** From an engine to every engine: drivers of its own whose availability changed, or all of them when asked. */
  roster: `${prefix}.roster.rows`,
  rosterWanted: `${prefix}.roster.wanted`,
  /** From an edge to the one that delivers webhooks: look now, something changed. A hint, it may be lost. */
  webhookNudge: `${prefix}.webhooks.nudge`,
  /** From an engine that joined, let go of slots or left, to every engine: look now. A hint, it may be lost. */
  slotsChanged: `${prefix}.slots.changed`,
  /** From an edge to every edge: somebody's access has ended, look now. A hint, it may be lost. */
  accessEnded: `${prefix}.access.ended`,
  /** Answered by any engine: where is this driver, how far from that point. */
  queryPosition: `${prefix}.query.position`,
  /** Answered by every engine that is alive; used by health checks. */
  queryHealth: `${prefix}.query.health`,
} as const

/**
 * The subject of a fact for one service, which hears those of its pharmacies alone: the NATS server gives them to it
 * under the subject that they have for everybody. `subject`: that one, or a filter of such.
 */
export const ofService = (service: string, subject: string): string =>
  `${prefix}.service.${service}.${subject.slice(prefix.length + 1)}`

export const eventStream = 'CADUCEUS_EVENTS'
/** What the stream keeps: facts, under both of their names. */
export const eventStreamFilters: readonly string[] = [
  subjects.eventFilter,
  subjects.tripFilter,
  subjects.paymentFilter,
]
/** Queue group in which engines take commands of other services and position queries. */
export const engineQueue = 'caduceus-engines'
