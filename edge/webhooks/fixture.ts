/**
 * A deployment as the worker sees it, for tests: a real database, a bus, and events in the form
 * that the journal writes. No engine runs, because the engine is not tested here.
 */
import { pino } from 'pino'
import type { Database } from '../../migrations/database/open.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { seal } from '../kernel/sealing.ts'
import type { Disabled } from './queue.ts'
import { defaultPolicy, type Policy } from './schedule.ts'
import { createSender } from './sender.ts'
import { newSecret } from './signature.ts'
import { startWebhookWorker, type WebhookWorker, type WorkerDeps } from './worker.ts'
import { slotOf } from '../../protocol/kernel/slots.ts'

export const newId = (): string => uuidV7(Date.now(), Math.random)
const masterKey = 'k'.repeat(32)
/** A policy with pauses so short that a day of failures takes a second. */
export const quick: Policy = {
  ...defaultPolicy,
  backoffMsFirst: 20,
  backoffMsMax: 80,
  pauseMsMax: 40,
}
const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** Opens the database and starts no worker; `work` starts one. Call `stop` at the end. */
export async function startWorld(open: () => Promise<Database>) {
  const database = await open()
  const bus = memoryBus()
  const workers = new Set<WebhookWorker>()
  const disabled: Disabled[] = []
  const versions = new Map<string, number>()
  const seqs = new Map<number, number>()

  /** Records an event in the journal and does not publish it. */
  async function record(
    orderId: string,
    type: string,
    data: object = {},
    options: {
      pharmacyId?: string | null
      skipSeqs?: number
      at?: Date
      kind?: string
    } = {},
  ): Promise<void> {
    const version = (versions.get(orderId) ?? 0) + 1
    versions.set(orderId, version)
    const slot = slotOf(orderId)
    const seq = (seqs.get(slot) ?? 0) + 1 + (options.skipSeqs ?? 0)
    seqs.set(slot, seq)
    // The journal writes both in one transaction; here the order comes first, so that no event
    // lacks its order.
    if (options.pharmacyId !== undefined)
      await database.pool.query(
        `insert into orders (id, kind, order_number, tracking_token, status, user_id, vendor_id, created_at, updated_at, version, progress)
         values ($1, 'direct', 'ORD', $2, 'pending', $1, $3, now(), now(), $4, '{}') on conflict (id) do update set vendor_id = excluded.vendor_id`,
        [orderId, newId(), options.pharmacyId, version],
      )
    await database.pool.query(
      `insert into slots (slot, owner, epoch, lease_until) values ($1, 'e', 1, now()) on conflict do nothing`,
      [slot],
    )
    await database.pool.query(
      `insert into events (actor_id, version, slot, seq, kind, at, type, v, command_id, data) values ($1, $2, $3, $4, $8, $5, $6, 1, null, $7)`,
      [
        orderId,
        version,
        slot,
        seq,
        options.at ?? new Date(),
        type,
        JSON.stringify(data),
        options.kind ?? 'order',
      ],
    )
  }
  /** Records an event and publishes it on the bus. */
  async function happen(...args: Parameters<typeof record>): Promise<void> {
    await record(...args)
    bus.publish(subjects.event('order', args[1], args[0]), new Uint8Array())
  }

  async function subscribe(
    url: string,
    options: {
      pharmacyId?: string | null
      ownerId?: string
      events?: string[]
      hearsFrom?: Date
    } = {},
  ): Promise<{ id: string; secret: string }> {
    const id = newId()
    const secret = newSecret()
    await database.kysely
      .insertInto('webhook_subscriptions')
      .values({
        id,
        owner_id: options.ownerId ?? newId(),
        vendor_id: options.pharmacyId ?? null,
        url,
        events: options.events ?? [],
        description: null,
        secret_sealed: seal(masterKey, id, secret),
        hears_from: options.hearsFrom ?? new Date(Date.now() - 1_000),
      })
      .execute()
    bus.publish(subjects.webhookNudge, new Uint8Array())
    return { id, secret }
  }

  function work(options: Partial<WorkerDeps> & { timeoutMs?: number } = {}): WebhookWorker {
    const { timeoutMs = 300, ...deps } = options
    const worker = startWebhookWorker({
      edgeId: newId(),
      database,
      bus,
      log: pino({ level: 'silent' }),
      masterKey,
      allowPrivate: true,
      nowMs: Date.now,
      random: Math.random,
      after,
      policy: quick,
      send: createSender({ allowPrivate: true, after, timeoutMs }),
      onDisabled: async one => {
        disabled.push(one)
      },
      onAttempt() {},
      ...deps,
    })
    workers.add(worker)
    return worker
  }

  return {
    database,
    bus,
    disabled,
    record,
    happen,
    subscribe,
    work,
    deliveries: async (subscriptionId: string) =>
      await database.kysely
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('subscription_id', '=', subscriptionId)
        .orderBy('order_id')
        .orderBy('order_seq')
        .orderBy('id')
        .execute(),
    /** Waits until the condition is true in the database. */
    async until(condition: string, values: unknown[] = [], timeoutMs = 60_000): Promise<void> {
      const untilMs = Date.now() + timeoutMs
      for (;;) {
        const {
          rows: [row],
        } = await database.pool.query<{ holds: boolean }>(`select (${condition}) as holds`, values)
        if (row!.holds) return
        if (Date.now() > untilMs) throw new Error(`not in ${timeoutMs} ms: ${condition}`)
        await new Promise(resolve => {
          setTimeout(resolve, 10)
        })
      }
    },
    async stop(): Promise<void> {
      await Promise.all([...workers].map(worker => worker.stop()))
      await bus.close()
      await database.close()
    },
  }
}
