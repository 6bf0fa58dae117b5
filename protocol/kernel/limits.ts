/**
 * Every bound of the system, in one place, units in the name. A queue, buffer, list or retry that
 * is not bounded by a line here is a defect. Relations between bounds are asserted at import, so a
 * careless edit stops the process at start and not an order at night.
 */
export const limits = {
  // Requests and orders
  radiusKmMin: 1,
  radiusKmMax: 50,
  /** Nearest pharmacies asked per broadcast; a dense city at 50 km has more than anyone can serve. */
  broadcastCandidatesMax: 2_000,
  requestTtlSecondsDefault: 300,
  requestTtlSecondsMin: 5,
  requestTtlSecondsMax: 3_600,
  itemsMax: 50,
  textCharactersMax: 1_000,
  nameCharactersMax: 200,
  urlCharactersMax: 2_048,
  quantityMax: 10_000,
  /** Answers (accept or reject) an order remembers; further rejections are counted only. */
  responsesMax: 200,

  // Lists, fees and maps
  searchWordCharactersMax: 64,
  /** Words of an order that it can be found by; words of a search. */
  searchWordsMax: 100,
  feeMinorMax: 10_000_000,
  /** Half of the equator, by road with every detour. */
  routeKmMax: 40_000,

  // Offers to drivers
  offerTtlMs: 30_000,
  offersPerSearchMax: 20,
  driverSearchRadiusKm: 15,
  driverSearchTtlMs: 10 * 60_000,
  /** Pause before an unsuccessful search looks again for drivers who came free. */
  driverSearchRetryMs: 5_000,
  driverCapacityDefault: 1,
  driverCapacityMax: 10,

  // Claims
  /** A claim whose holder never reached the journal lapses after this. */
  claimLeaseMs: 3_000,
  /** Kept after the deadline so that a late accept hears "taken" and not "unknown". */
  claimAfterlifeMs: 10 * 60_000,

  // Actors
  mailboxDepthMax: 1_024,
  commandIdsRememberedMax: 16,
  /** Of another service's own; with its name it becomes the command id. */
  serviceCommandIdCharactersMax: 90,
  commandTimeoutMs: 5_000,
  /** Time a caller waits for a driver to confirm a manual assignment. */
  assignmentWaitMs: 3_000,
  commandsInFlightMax: 20_000,
  /** In memory, awake or asleep; some 500 bytes a sleeper. */
  liveActorsMax: 2_000_000,
  /** Some 3 KB each. */
  awakeActorsMax: 250_000,
  /** Idle for this long an actor is packed; refusals are forgotten then, so longer than any caller repeats. */
  actorSleepMs: 15_000,
  /** The same when memory is short. */
  actorSleepMsPressed: 1_000,
  /** Without an event for this long a sleeper lives in the journal alone, unless it has a deadline. */
  actorLeaveMs: 10 * 60_000,
  passivateRoundMs: 100,
  /** After a round that saw everybody, who are few then: nobody is short of memory within this. */
  passivateRestMs: 2_000,
  /** Actors looked at in one round, and packed, at some 5 µs each. */
  passivateLooksMax: 4_000,
  passivatePackedMax: 250,
  slotCount: 64,
  slotLeaseMsDefault: 5_000,
  slotLeaseMsMin: 1_000,
  slotLeaseMsMax: 60_000,

  // Journal
  journalBatchEventsMax: 512,
  /** From one group of appends to the next, embedded: some of what an answer may take, for far fewer statements under load. */
  embeddedGroupSpacingMs: 2,
  journalQueueEventsMax: 50_000,
  snapshotIntervalMs: 2_000,
  /** What a crash lets events be published and commands between actors be delivered again. */
  cursorSaveIntervalMs: 200,
  /** Packed in one go, at some 5 µs each, and written in one statement, at some 30: commands wait for that. A batch ends at either bound. */
  snapshotBatchMax: 64,
  /** Between two batches of a round; shorter where there are many, so that a round takes about half of the interval. */
  snapshotPauseMsMax: 20,
  snapshotBatchBytesMax: 128 * 1024,

  // Locations
  framesPerMessageMax: 64,
  frameFutureMsMax: 30_000,
  locationBatchBytesMax: 16 * 1024,
  locationFlushMs: 5,
  locationAckIntervalMs: 1_000,
  /** Round trips to the bus before acknowledgements, at least this far apart. */
  locationConfirmMs: 50,
  /** Regions an edge keeps a batch for; there are 32,768, of which a deployment serves a few. */
  locationRegionsMax: 1_024,
  /** A watcher hears of an order's or a fleet's positions at most once in this time. */
  pushIntervalMs: 250,
  /** News of several orders within this time go to an edge together. */
  pushGatherMs: 2,
  rosterRowsPerMessageMax: 1_000,
  pharmacyPollMs: 5_000,
  /** An actor whose deadline had no effect is looked at again after this. */
  wakeRetryMs: 1_000,
  outboxPendingMax: 100_000,
  /** Failures of a receiver, some ten seconds, after which a command between actors is parked. */
  outboxFailuresMax: 10,
  /** Published this long before a disconnection is published again: the server may have crashed with it unwritten. */
  outboxDoubtMs: 1_000,
  /** Of one slot. */
  outboxDoubtEventsMax: 2_000,

  // Sockets
  /** Length of the `id` that a client gives a message. With the sender's name it becomes the command id. */
  socketMessageIdCharactersMax: 100,
  /** A burst of new watchers or terminals becomes one message. */
  interestDebounceMs: 5,
  /** Open requests a terminal is told of at connection. */
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
  /** How long an edge that missed the hint goes on believing in access that has ended. */
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
