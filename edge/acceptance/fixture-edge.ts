/**
 * A whole edge on a real port, for tests: an embedded database in memory, the bus and claims of one
 * process, and a script that answers commands in place of the engine. The fixture writes rows of
 * the read model in the journal's form, because no engine runs here.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { openDatabase } from '../../migrations/database/open.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import type { CommandEnvelope, DriverReply, OrderReply } from '../../protocol/dispatch/commands.ts'
import type { Environment } from '../../protocol/kernel/environment.ts'
import { orderNumber, uuidV7 } from '../../protocol/kernel/ids.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { endedStatuses } from '../../protocol/orders/statuses.ts'
import { searchWords } from '../../protocol/kernel/search-words.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { createAccount } from '../accounts/accounts.ts'
import { readConfig } from '../config.ts'
import { startEdge } from '../edge.ts'
import { slotCount } from '../../protocol/kernel/slots.ts'

export const newId = (): string => uuidV7(Date.now(), Math.random)
/** An answer over HTTP; `body` is parsed where it is JSON. */
export interface Answer {
  status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
  body: any
  headers: Headers
}

/** Coordinates of the examples in the documents of the systems that this one replaces. */
export const place = { latitude: 40.7128, longitude: -74.006 }

/** Starts the edge; `environment` adds variables. Call `stop` at the end. */
export async function startFixture(environment: Environment = {}) {
  const dataDir = await preparedDataDir()
  const clock: { skewMs: number; stoppedAtMs: number | null } = { skewMs: 0, stoppedAtMs: null }
  const env = {
    nowMs: () => (clock.stoppedAtMs ?? Date.now()) + clock.skewMs,
    random: Math.random,
    after(ms: number, run: () => void) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
  }
  const config = readConfig(
    { PORT: '0', DATA_DIR: dataDir, JWT_SECRET_KEY: 'x'.repeat(32), ...environment },
    'embedded',
  )
  const database = await openDatabase({ dataDir })
  const bus = memoryBus()
  const claims = memoryClaims(env.nowMs, env.after)
  const commands: CommandEnvelope[] = []
  const script: { answer(command: CommandEnvelope): OrderReply | DriverReply } = {
    answer: command =>
      command.actor === 'driver'
        ? driverReply(command)
        : { ok: true, order: viewOf({ id: command.actor_id }), outcome: {} },
  }
  for (let slot = 0; slot < slotCount; slot++)
    bus.subscribe(subjects.slotCommand(slot), message => {
      const command = decodeBody(message.body) as CommandEnvelope
      commands.push(command)
      message.respond?.(encodeBody(script.answer(command)))
    })
  const edge = await startEdge({
    config,
    log: pino({ level: 'silent' }),
    database,
    bus,
    claims,
    env,
  })

  const call = async (
    method: string,
    path: string,
    options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> => {
    const { token, body, headers = {} } = options
    const form = body instanceof FormData
    const response = await fetch(`http://127.0.0.1:${edge.port}${path}`, {
      method,
      headers: {
        ...(body !== undefined && !form && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body:
        response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text,
    }
  }
  let people = 0
  const email = (): string => `person${++people}@example.com`

  return {
    edge,
    bus,
    claims,
    database,
    clock,
    commands,
    script,
    call,
    email,
    async customer() {
      const { body } = await call('POST', '/api/auth/register', {
        body: {
          email: email(),
          full_name: 'John Doe',
          phone: '+1234567890',
          role: 'user',
          password: 'password123',
        },
      })
      return {
        id: body.user.id as string,
        token: body.access_token as string,
        refresh: body.refresh_token as string,
        email: body.user.email as string,
      }
    },
    /** Makes the account as `npm run admin` does, because only an administrator makes others over HTTP. */
    async admin() {
      const account = {
        email: email(),
        full_name: 'Administrator',
        phone: '',
        role: 'admin' as const,
        password: 'password123',
      }
      const { userId } = await createAccount(database.kysely, env, account, async () => null)
      const { body } = await call('POST', '/api/auth/login', {
        body: { email: account.email, password: account.password },
      })
      return { id: userId, token: body.access_token as string, email: account.email }
    },
    async pharmacy() {
      const { body } = await call('POST', '/api/vendors/register', {
        body: {
          email: email(),
          business_name: 'MedPharm Inc',
          phone: '+1234567890',
          password: 'password123',
          address: '123 Main St',
          ...place,
        },
      })
      return { id: body.vendor.id as string, token: body.access_token as string }
    },
    async driver(pharmacyId: string) {
      const { body } = await call('POST', '/api/drivers/register', {
        body: {
          email: email(),
          full_name: 'Driver John',
          phone: '+1234567890',
          password: 'password123',
          vendor_id: pharmacyId,
          vehicle_type: 'bike',
          vehicle_number: 'ABC-1234',
          license_number: 'DL-123456',
        },
      })
      return { id: body.driver.id as string, token: body.access_token as string }
    },
    /** Writes an order into the read model. */
    async store(view: OrderView, candidateIds: string[] | null = null): Promise<void> {
      await database.pool.query(
        `insert into orders (id, kind, order_number, tracking_token, status, user_id, vendor_id, driver_id, offered_driver_id, candidate_ids, created_at, updated_at, delivered_at, delivery_fee_minor, version, progress, ended_as)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
        [
          view.id,
          view.kind,
          view.order_number,
          view.tracking_token,
          view.status,
          view.user_id,
          view.vendor_id,
          view.driver_id,
          view.driver_search.offer?.driver_id ?? null,
          candidateIds,
          view.created_at,
          view.updated_at,
          view.delivered_at,
          view.delivery_fee === null ? null : Math.round(view.delivery_fee * 100),
          view.version,
          JSON.stringify(view),
          endedStatuses.includes(view.status) ? view.status : null,
        ],
      )
      const words = searchWords(
        [view.order_number, view.customer_name, ...view.items.map(item => item.name)].join(' '),
      )
      await database.pool.query(
        'insert into order_words (order_id, words) values ($1, array_to_tsvector($2::text[]))',
        [view.id, words],
      )
    },
    async stop(): Promise<void> {
      await edge.drain()
      await claims.shutdown()
      await bus.close()
      await database.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function driverReply(command: CommandEnvelope): DriverReply {
  const { vendor_id = newId(), status = 'offline' } = command.data as {
    vendor_id?: string
    status?: 'offline'
  }
  return {
    ok: true,
    driver: {
      id: command.actor_id,
      vendor_id,
      membership: 'active',
      full_name: '',
      phone: '',
      vehicle_type: 'bike',
      status,
      capacity: 1,
      active_order_ids: [],
      offer: null,
      total_deliveries: 0,
      total_earnings: 0,
      currency: 'USD',
      version: 1,
    },
  }
}

/** A direct order, pending and just created; `given` replaces fields. */
export function viewOf(given: Partial<OrderView> & { id: string }): OrderView {
  const now = new Date().toISOString()
  return {
    kind: 'direct',
    order_number: orderNumber(given.id),
    tracking_token: newId().replaceAll('-', ''),
    status: 'pending',
    user_id: newId(),
    vendor_id: null,
    vendor_name: null,
    driver_id: null,
    driver_name: null,
    driver_phone: null,
    assignment_id: null,
    pickup_address: null,
    pickup_latitude: null,
    pickup_longitude: null,
    delivery_address: '456 Home Ave',
    delivery_latitude: 40.758,
    delivery_longitude: -73.9855,
    customer_name: 'John Doe',
    customer_phone: '+1234567890',
    items: [],
    quantity: null,
    notes: null,
    prescription_url: null,
    goods_classes: null,
    radius_km: null,
    pharmacies_notified: null,
    expires_at: null,
    responses: [],
    driver_search: { state: 'idle', offers_made: 0, offer: null },
    estimated_distance_km: null,
    actual_distance_km: null,
    delivery_fee: null,
    currency: 'USD',
    proof_photo_url: null,
    signature_url: null,
    delivery_flag: null,
    reason: null,
    custody: null,
    created_at: now,
    updated_at: now,
    accepted_at: null,
    driver_assigned_at: null,
    arrived_at_pickup_at: null,
    picked_up_at: null,
    out_for_delivery_at: null,
    arrived_at_dropoff_at: null,
    delivered_at: null,
    ended_at: null,
    version: 1,
    ...given,
  }
}
