/**
 * Bounds that several rooms share, with the unit in each name. A bound of one room stands in the
 * `limits.ts` of that room. A queue, buffer, list or retry without a bound is a defect. Relations
 * between bounds are checked at import, so that a careless edit stops the process at its start.
 */
export const limits = {
  // Requests and orders
  radiusKmMin: 1,
  radiusKmMax: 50,
  /**
   * Nearest pharmacies that one request asks. A dense city has more within 50 km than can answer.
   */
  broadcastCandidatesMax: 2_000,
  requestTtlSecondsDefault: 300,
  requestTtlSecondsMin: 5,
  requestTtlSecondsMax: 3_600,
  itemsMax: 50,
  textCharactersMax: 1_000,
  nameCharactersMax: 200,
  urlCharactersMax: 2_048,
  quantityMax: 10_000,
  /** Refusals of pharmacies that an order records. A later one is accepted and changes nothing. */
  responsesMax: 200,

  // Lists, fees and maps
  searchWordCharactersMax: 64,
  /** Words by which an order can be found, and words of one search. */
  searchWordsMax: 100,
  feeMinorMax: 10_000_000,
  /** Half of the equator: longer than any road. */
  routeKmMax: 40_000,

  // Offers to drivers
  offerTtlMs: 30_000,
  offersPerSearchMax: 20,
  driverSearchRadiusKm: 15,
  driverSearchTtlMs: 10 * 60_000,
  /** Pause before an unsuccessful search looks for free drivers again. */
  driverSearchRetryMs: 5_000,
  driverCapacityDefault: 1,
  driverCapacityMax: 10,

  // Claims
  /** A claim lapses after this when its holder never reached the journal. */
  claimLeaseMs: 3_000,
  /**
   * A claim is kept for this long after the deadline, so that a late accept hears "taken" and not
   * "unknown".
   */
  claimAfterlifeMs: 10 * 60_000,

  // Actors
  mailboxDepthMax: 1_024,
  commandIdsRememberedMax: 16,
  /**
   * Length of the id that another service gives its command. With the service's name it becomes the
   * command id.
   */
  serviceCommandIdCharactersMax: 90,
  commandTimeoutMs: 5_000,
  /** Time that a caller waits for a driver to confirm a manual assignment. */
  assignmentWaitMs: 3_000,
  commandsInFlightMax: 20_000,
  /** Actors in memory, awake or asleep. A sleeping one takes about 500 bytes. */
  liveActorsMax: 2_000_000,
  /** Actors awake, at about 3 KB each. */
  awakeActorsMax: 250_000,
  /**
   * An actor that is idle for this long is packed. Packing forgets its refusals, so the time is
   * longer than any caller repeats.
   */
  actorSleepMs: 15_000,
  /** The same when memory is short. */
  actorSleepMsPressed: 1_000,
  /**
   * A sleeping actor without an event for this long stays only in the journal, unless it has a
   * deadline.
   */
  actorLeaveMs: 10 * 60_000,
  passivateRoundMs: 100,
  /**
   * Pause after a round that looked at every actor. Only few were there, so memory cannot become
   * short within it.
   */
  passivateRestMs: 2_000,
  /** Actors that one round looks at and packs, at about 5 µs each. */
  passivateLooksMax: 4_000,
  passivatePackedMax: 250,
  slotCount: 64,
  slotLeaseMsDefault: 5_000,
  slotLeaseMsMin: 1_000,
  slotLeaseMsMax: 60_000,

  // Journal
  journalBatchEventsMax: 512,
  journalQueueEventsMax: 50_000,
  snapshotIntervalMs: 2_000,
  /**
   * Interval at which cursors are saved. After a crash, the events published and the commands
   * between actors delivered within it are repeated.
   */
  cursorSaveIntervalMs: 200,
  /**
   * Snapshots per batch. Packing takes about 5 µs each and writing about 30 µs; commands wait
   * meanwhile. A batch ends at this bound or at `snapshotBatchBytesMax`.
   */
  snapshotBatchMax: 64,
  /**
   * Pause between two batches of a round. It is shorter when there are many, so that a round takes
   * about half of the interval.
   */
  snapshotPauseMsMax: 20,
  snapshotBatchBytesMax: 128 * 1024,

  // Locations
  framesPerMessageMax: 64,
  frameFutureMsMax: 30_000,
  locationBatchBytesMax: 16 * 1024,
  locationFlushMs: 5,
  locationAckIntervalMs: 1_000,
  /** Shortest time between two round trips to the bus that precede acknowledgements. */
  locationConfirmMs: 50,
  /**
   * Regions for which an edge keeps a batch. There are 32,768 regions, of which a deployment serves
   * a few.
   */
  locationRegionsMax: 1_024,
  /** Shortest time between two positions that a watcher hears of one order or one fleet. */
  pushIntervalMs: 250,
  /** Time in which news of several orders for one edge is gathered into one message. */
  pushGatherMs: 2,
  rosterRowsPerMessageMax: 1_000,
  pharmacyPollMs: 5_000,
  /** An actor whose deadline had no effect is examined again after this. */
  wakeRetryMs: 1_000,
  outboxPendingMax: 100_000,
  /**
   * Failures of a receiver, within about ten seconds, after which a command between actors is
   * parked.
   */
  outboxFailuresMax: 10,
  /**
   * Events published within this time before a disconnection are published again: the server may
   * have crashed before it wrote them.
   */
  outboxDoubtMs: 1_000,
  /** Events of one slot that may be published again. */
  outboxDoubtEventsMax: 2_000,

  // Sockets
  /**
   * Length of the `id` that a client gives a message. With the sender's name it becomes the command
   * id.
   */
  socketMessageIdCharactersMax: 100,
  /** Time in which new watchers or terminals are gathered into one message. */
  interestDebounceMs: 5,
  /** Open requests that a terminal is told at connection. */
  openRequestsPerTerminalMax: 200,
  interestRenewMs: 5_000,
  interestLeaseMs: 20_000,

  // HTTP
  multipartOverheadBytesMax: 64 * 1024,
  listLimitDefault: 50,
  listLimitMax: 200,
  idempotencyKeyCharactersMax: 200,
  drainTimeoutMs: 10_000,

  // Sessions and keys
  /** How long an edge that missed the hint keeps accepting access that has ended. */
  endedAccessLookMs: 10_000,

  // Bus
  busQueueMessagesMax: 100_000,
  busMessageBytesMax: 1024 * 1024,
} as const

/** Throws at import when two bounds contradict each other. */
export function relation(holds: boolean, why: string): void {
  if (!holds) throw new Error(`limits: ${why}`)
}
relation(
  limits.slotLeaseMsMin <= limits.slotLeaseMsDefault &&
    limits.slotLeaseMsDefault <= limits.slotLeaseMsMax,
  'the lease has a default that is allowed',
)
relation(
  limits.actorSleepMs > 2 * limits.commandTimeoutMs,
  'a refusal is remembered while its caller repeats',
)
relation(
  limits.awakeActorsMax > limits.commandsInFlightMax,
  'commands in flight have room for their actors',
)
relation(
  limits.claimLeaseMs < limits.commandTimeoutMs,
  'a lapsed claim must be free before its holder gives up',
)
relation(
  limits.interestLeaseMs > 3 * limits.interestRenewMs,
  'interest must survive two lost renewals',
)
relation(
  limits.journalQueueEventsMax >= 10 * limits.journalBatchEventsMax,
  'the journal queue holds several batches',
)
relation(
  limits.offersPerSearchMax * limits.offerTtlMs <= limits.driverSearchTtlMs,
  'a search outlives its offers',
)
relation(
  limits.locationBatchBytesMax < limits.busMessageBytesMax,
  'a location batch fits a bus message',
)
