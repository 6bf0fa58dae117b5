/**
 * The world of the engine's tests: virtual time, one store, one bus, engines that can crash or be
 * paused, and commands of customers, pharmacies and drivers. The engine's real code runs over the
 * memory adapters.
 */
import { kinds } from './kinds.ts'
import { decodeBody, encodeBody } from '../protocol/bus/codec.ts'
import type { Bus } from '../protocol/bus/bus.ts'
import { memoryBus } from '../protocol/bus/memory.ts'
import { memoryClaims } from '../protocol/claims/memory.ts'
import type { CommandEnvelope, DriverReply, OrderReply } from '../protocol/dispatch/commands.ts'
import type { Env } from '../protocol/kernel/env.ts'
import type { PublishedEvent } from '../protocol/dispatch/events.ts'
import { encodeFrame, FrameReader } from '../protocol/river/frames.ts'
import { uuidV7 } from '../protocol/kernel/ids.ts'
import { entryHead, LocationBatch } from '../protocol/river/location-batch.ts'
import type { Principal } from '../protocol/kernel/principal.ts'
import type { PushList } from '../protocol/dispatch/pushes.ts'
import { ownerSubject, subjects } from '../protocol/bus/subjects.ts'
import { uploadUrl } from '../protocol/uploads/url.ts'
import { Engine } from './engine.ts'
import { Services } from '../protocol/bus/services.ts'
import type { AppendRequest, Store } from './journal/journal.ts'
import { memoryJournal, MemoryStore } from './journal/memory.ts'
import { VirtualEnv } from './sim/virtual-env.ts'
import { slots, type Slots } from '../protocol/kernel/slots.ts'

export const here = { latitude: 37.77, longitude: -122.42 }

/**
 * The timers and the bus connection of one process. A crash ends both. A pause delays what they
 * bring, and loses nothing.
 */
function mortal(env: VirtualEnv, bus: Bus) {
  let alive = true
  let paused: (() => void)[] | null = null
  const live = (run: () => void): void => {
    if (!alive) return
    if (paused === null) run()
    else paused.push(run)
  }
  const subscriptions: { unsubscribe(): void }[] = []
  return {
    env: {
      nowMs: () => env.nowMs(),
      random: env.random,
      after: (ms: number, run: () => void) => env.after(ms, () => live(run)),
    } satisfies Env,
    bus: {
      publish: (...args) => alive && bus.publish(...args),
      request: (...args) => (alive ? bus.request(...args) : new Promise<never>(() => {})),
      subscribe(filter, handler, options) {
        const subscription = bus.subscribe(filter, message => live(() => handler(message)), options)
        subscriptions.push(subscription)
        return subscription
      },
      lossless: true,
      messageBytesMax: bus.messageBytesMax,
      losses: bus.losses,
      get connected() {
        return alive
      },
      onStatus: listener => bus.onStatus(listener),
      flush: () => bus.flush(),
      close: () => bus.close(),
    } satisfies Bus,
    crash() {
      alive = false
      for (const subscription of subscriptions) subscription.unsubscribe()
    },
    pause() {
      paused ??= []
    },
    resume() {
      const waiting = paused ?? []
      paused = null
      for (const run of waiting) live(run)
    },
  }
}

export interface BootOptions {
  /**
   * True as in the embedded server: every lease in the store belongs to a process that has ended.
   * Two engines at once need false.
   */
  exclusive?: boolean
  /** The services and the pharmacies for which they act. */
  services?: Services
  /** The slots that it shares out; by default those of a deployment. */
  numbering?: Slots
  /** Called before each append: a promise delays the append, an exception fails it. */
  beforeAppend?: (request: AppendRequest) => void | Promise<void>
}

/** An empty world; `boot` starts engines in it. Randomness comes from the seed. */
export async function world(seed = 1) {
  const env = new VirtualEnv(seed)
  const store = new MemoryStore(() => env.nowMs(), kinds)
  const bus = memoryBus()
  const claims = memoryClaims(
    () => env.nowMs(),
    (ms, run) => env.after(ms, run),
  )
  const pushes: PushList = []
  const events: PublishedEvent[] = []
  bus.subscribe(subjects.pushAll, m => pushes.push(...(decodeBody(m.body) as PushList)))
  bus.subscribe(subjects.eventFilter, m => events.push(decodeBody(m.body) as PublishedEvent))
  const logs: string[] = []
  const boot = async (
    id: string,
    {
      exclusive = true,
      beforeAppend,
      services = new Services(),
      numbering = slots,
    }: BootOptions = {},
  ) => {
    const machine = mortal(env, bus)
    const stored = memoryJournal(store)
    const journal: Store =
      beforeAppend === undefined
        ? stored
        : {
            ...stored,
            async append(request) {
              await beforeAppend(request)
              return stored.append(request)
            },
          }
    const engine = new Engine({
      engineId: id,
      env: machine.env,
      journal,
      bus: machine.bus,
      claims,
      exclusive,
      services,
      slots: numbering,
      log: (level, message, detail) =>
        logs.push(`${level} ${message} ${detail instanceof Error ? detail.stack : ''}`),
    })
    await engine.start()
    return Object.assign(engine, {
      crash: machine.crash,
      pause: machine.pause,
      resume: machine.resume,
    })
  }
  const id = () => uuidV7(env.nowMs(), () => env.random())
  const command = async (
    actor: 'order' | 'driver',
    actor_id: string,
    verb: string,
    by: Principal,
    data: object = {},
    commandId = id(),
  ) => {
    const envelope: CommandEnvelope = { id: commandId, actor, actor_id, verb, by, data }
    const reply = bus.request(ownerSubject(actor_id), encodeBody(envelope), 60_000)
    await env.settle()
    return decodeBody(await reply) as OrderReply & DriverReply
  }
  const pharmacy = (name: string, latitude = here.latitude, longitude = here.longitude) => {
    const vendor_id = id()
    bus.publish(
      subjects.directory,
      encodeBody({
        vendor_id,
        name,
        phone: '1',
        address: `${name} street`,
        latitude,
        longitude,
        status: 'active',
        is_active: true,
        revision: 1,
        proof_required: true,
        dispatch_policy: 'manual',
        time_zone: 'UTC',
        opening_hours: null,
        tariff: null,
      }),
    )
    return vendor_id
  }
  const driver = async (
    vendor_id: string,
    latitude = here.latitude,
    longitude = here.longitude,
    capacity = 1,
  ) => {
    const driverId = id()
    await command(
      'driver',
      driverId,
      'register',
      { role: 'system', id: 't' },
      { vendor_id, full_name: 'Dora', phone: '2', vehicle_type: 'bike', capacity },
    )
    await command(
      'driver',
      driverId,
      'set_status',
      { role: 'driver', id: driverId },
      { status: 'available' },
    )
    let seq = 0
    const at = async (lat: number, lng: number) => {
      const batch = new LocationBatch()
      const frame = encodeFrame({
        seq: ++seq,
        timestampMs: env.nowMs(),
        latitude: lat,
        longitude: lng,
        headingDeg: null,
        speedMps: null,
        accuracyM: null,
      })
      const reader = new FrameReader()
      batch.append(entryHead(driverId), reader, 0, reader.read(frame, Infinity))
      bus.publish(subjects.location('9q8'), batch.take())
      await env.settle()
    }
    await at(latitude, longitude)
    return { driverId, at, by: { role: 'driver', id: driverId } as Principal }
  }
  const broadcast = (orderId = id(), customerId = id(), ttl = 300) =>
    command(
      'order',
      orderId,
      'broadcast',
      { role: 'customer', id: customerId },
      {
        order_id: orderId,
        customer_id: customerId,
        customer_name: 'Cleo',
        customer_phone: '3',
        ...here,
        radius_km: 5,
        items: [],
        expires_in_seconds: ttl,
      },
    )
  /** A signature that the driver has uploaded, as an order refers to it. */
  const signed = (driverId: string) => {
    const upload = {
      id: id(),
      kind: 'signature',
      ownerId: driverId,
      driverId,
      pharmacyId: null,
      orderId: null,
      atMs: env.nowMs(),
    }
    store.uploads.set(upload.id, upload)
    return { signature_url: uploadUrl(upload.id) }
  }
  const statusOf = (orderId: string) => store.events.get(orderId)?.at(-1)?.event.type
  return {
    env,
    store,
    bus,
    pushes,
    events,
    logs,
    boot,
    id,
    command,
    pharmacy,
    driver,
    broadcast,
    signed,
    statusOf,
  }
}

/** The order of an answer. Throws the problem of a refusal. */
export const order = (reply: OrderReply) => {
  if (!reply.ok) throw new Error(`${reply.problem.code}: ${reply.problem.detail}`)
  return reply.order
}
/** The code of a refusal, or 'ok'. */
export const problem = (reply: OrderReply | DriverReply) => (reply.ok ? 'ok' : reply.problem.code)
