/**
 * Every bench of the suite, in the order in which it runs. A new bench is a file and a line here.
 */
import type { Bench } from './harness/bench.ts'
import { bench as accept } from './load/accept.ts'
import { bench as bookings } from './load/bookings.ts'
import { bench as broadcast, crowdBench as broadcastCrowd } from './load/broadcast.ts'
import { bench as cityDay } from './load/city-day.ts'
import { bench as durable } from './load/durable.ts'
import { bench as firstPaint } from './load/first-paint.ts'
import { bench as idle } from './load/idle.ts'
import { bench as connections } from './load/connections.ts'
import {
  bench as ingest,
  distributedBench as ingestNats,
  policiesBench as ingestPolicies,
} from './load/ingest.ts'
import { bench as millionDrivers } from './load/million-drivers.ts'
import { bench as openConversations } from './load/open-conversations.ts'
import { bench as reconnect } from './load/reconnect.ts'
import { bench as recovery } from './load/recovery.ts'
import { bench as failover } from './load/failover.ts'
import { bench as transitions } from './load/transitions.ts'
import { bench as request } from './load/request.ts'
import { bench as rest } from './load/rest.ts'
import { bench as simulator } from './load/simulator.ts'
import { bench as stalled } from './load/stalled.ts'
import { bench as trackers } from './load/trackers.ts'
import { channelsBench, socketIoBench } from './peers/dispatch.ts'
import { microBench } from './micro/bench.ts'
import { suite as availability } from './micro/availability.bench.ts'
import { suite as claim } from './micro/claim.bench.ts'
import { suite as decide } from './micro/decide.bench.ts'
import { suite as frameDecode } from './micro/frame-decode.bench.ts'
import { suite as frameEncode } from './micro/frame-encode.bench.ts'
import { suite as indexMove } from './micro/index-move.bench.ts'
import { suite as journalAppend } from './micro/journal-append.bench.ts'
import { suite as jwtVerify } from './micro/jwt-verify.bench.ts'
import { suite as mailbox } from './micro/mailbox.bench.ts'
import { suite as message } from './micro/message.bench.ts'
import { suite as pushEncode } from './micro/push-encode.bench.ts'
import { suite as pharmacyIndex } from './micro/pharmacy-index.bench.ts'
import { suite as radiusQuery } from './micro/radius-query.bench.ts'

export const benches: readonly Bench[] = [
  ...[
    frameDecode,
    frameEncode,
    indexMove,
    radiusQuery,
    pharmacyIndex,
    availability,
    decide,
    mailbox,
    journalAppend,
    message,
    claim,
    pushEncode,
    jwtVerify,
  ].map(microBench),
  ingest,
  ingestPolicies,
  ingestNats,
  connections,
  request,
  rest,
  broadcast,
  broadcastCrowd,
  accept,
  durable,
  trackers,
  cityDay,
  stalled,
  reconnect,
  idle,
  firstPaint,
  openConversations,
  millionDrivers,
  recovery,
  transitions,
  bookings,
  failover,
  simulator,
  socketIoBench,
  channelsBench,
]
