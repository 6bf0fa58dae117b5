/**
 * Makes thousands of people, pharmacies and deliveries in seconds, with rows written in bulk and
 * commands sent on the bus, without HTTP. Ten thousand sign-ups over HTTP would take ten minutes,
 * mostly for hashing passwords, which no bench measures. So these accounts have no known password,
 * and their tokens are signed with the bench's secret. Only for servers that the bench has started
 * itself; a remote one is populated over HTTP (`people.ts`).
 */
import { createCommandClient } from '../../edge/kernel/commands.ts'
import { createTokens } from '../../edge/accounts/tokens.ts'
import type { Database } from '../../migrations/database/open.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import { encodeBody } from '../../protocol/bus/codec.ts'
import { CaduceusError, errorCatalogue } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { directoryPharmacy } from '../../edge/kernel/announce-pharmacy.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { inParallel } from './parallel.ts'
import type { Place } from './people.ts'

/** The wanted population. Plain data, because it is sent to the process that has the database. */
export interface PopulationPlan {
  customers?: number
  /** One pharmacy at each place. */
  pharmacies?: readonly Place[]
  /** Drivers of the first pharmacy, on the road without an order. */
  drivers?: number
  /**
   * Orders of the first customer from the first pharmacy, each with its own driver on the way to
   * the pharmacy.
   */
  deliveries?: number
}
export interface Population {
  customers: { userId: string; token: string }[]
  pharmacies: { userId: string; pharmacyId: string; token: string }[]
  drivers: { userId: string; driverId: string; token: string }[]
  deliveries: { orderId: string; trackingToken: string; driverId: string; driverToken: string }[]
}

interface Parts {
  database: Database
  bus: Bus
  jwtSecret: string
  nowMs(): number
  random(): number
  after(ms: number, run: () => void): () => void
}
type Role = 'user' | 'vendor' | 'driver'

const tokenMinutes = 240
const rowsAtOnce = 1_000
const commandsAtOnce = 64
const attemptsMax = 5
const nobodysHash = 'no password opens this account'
let populations = 0

/** Makes the population. Throws the refusal of the database or of an actor. */
export async function populate(
  { database, bus, jwtSecret, nowMs, random, after }: Parts,
  plan: PopulationPlan,
): Promise<Population> {
  const { kysely } = database
  const commands = createCommandClient({ bus, nowMs, random, after })
  const tokens = await createTokens({
    jwtSecret,
    accessTokenMinutes: tokenMinutes,
    refreshTokenDays: 1,
  })
  const tag = `${nowMs().toString(36)}-${populations++}`
  const newId = (): string => uuidV7(nowMs(), random)
  const phone = '+9770000000'

  const accounts = async (role: Role, count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, newId)
    const rows = ids.map((id, i) => ({
      id,
      email: `${role}-${i}@${tag}.example`,
      full_name: `${role} ${i}`,
      phone,
      role,
      password_hash: nobodysHash,
    }))
    for (let from = 0; from < count; from += rowsAtOnce)
      await kysely
        .insertInto('users')
        .values(rows.slice(from, from + rowsAtOnce))
        .execute()
    return ids
  }

  const token = (
    role: Role,
    userId: string,
    record: { pharmacyId?: string; driverId?: string } = {},
  ): Promise<string> =>
    tokens.signAccess(
      {
        userId,
        role,
        name: role,
        pharmacyId: record.pharmacyId ?? null,
        driverId: record.driverId ?? null,
      },
      nowMs(),
    )

  const makePharmacies = async (places: readonly Place[]): Promise<Population['pharmacies']> => {
    const owners = await accounts('vendor', places.length)
    const made = await Promise.all(
      owners.map(async userId => {
        const pharmacyId = newId()
        return { userId, pharmacyId, token: await token('vendor', userId, { pharmacyId }) }
      }),
    )
    const rows = made.map(({ userId, pharmacyId }, i) => ({
      id: pharmacyId,
      user_id: userId,
      email: `vendor-${i}@${tag}.example`,
      business_name: `Pharmacy ${i}`,
      phone,
      status: 'active' as const,
      ...placeOf(places[i]!),
    }))
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const written = await kysely
        .insertInto('vendors')
        .values(rows.slice(from, from + rowsAtOnce))
        .returningAll()
        .execute()
      for (const row of written) {
        bus.publish(subjects.directory, encodeBody(directoryPharmacy(row)))
      }
    }
    await bus.flush()
    return made
  }

  const makeDrivers = async (count: number, pharmacyId: string): Promise<Population['drivers']> => {
    const owners = await accounts('driver', count)
    const made = await Promise.all(
      owners.map(async userId => {
        const driverId = newId()
        return { userId, driverId, token: await token('driver', userId, { driverId }) }
      }),
    )
    const profile = (i: number) => ({
      full_name: `Driver ${i}`,
      phone,
      vehicle_type: 'scooter' as const,
    })
    const rows = made.map(({ userId, driverId }, i) => ({
      id: driverId,
      user_id: userId,
      vendor_id: pharmacyId,
      email: `driver-${i}@${tag}.example`,
      vehicle_number: null,
      license_number: null,
      membership: 'active' as const,
      ...profile(i),
    }))
    for (let from = 0; from < count; from += rowsAtOnce)
      await kysely
        .insertInto('drivers')
        .values(rows.slice(from, from + rowsAtOnce))
        .execute()
    const by = { role: 'system', id: 'bench' } as const
    await inParallel(made, commandsAtOnce, async ({ driverId }, i) => {
      await insist(() =>
        commands.driver({
          id: `register:${driverId}`,
          actor_id: driverId,
          verb: 'register',
          by,
          data: { vendor_id: pharmacyId, capacity: 1, ...profile(i) },
        }),
      )
      const id = newId()
      await insist(() =>
        commands.driver({
          id,
          actor_id: driverId,
          verb: 'set_status',
          by: { role: 'driver', id: driverId },
          data: { status: 'available' },
        }),
      )
    })
    return made
  }

  const makeDeliveries = async (
    count: number,
    customerId: string,
    pharmacyId: string,
    from: Place,
  ): Promise<Population['deliveries']> => {
    const drivers = await makeDrivers(count, pharmacyId)
    const made: Population['deliveries'] = Array.from({ length: count })
    const vendor = { role: 'vendor', id: pharmacyId } as const
    await inParallel(drivers, commandsAtOnce, async ({ driverId, token: driverToken }, i) => {
      const orderId = newId()
      const say = (
        verb: 'create' | 'accept' | 'assign_driver',
        by: { role: 'customer' | 'vendor'; id: string },
        data: unknown,
      ) => commands.order({ id: newId(), actor_id: orderId, verb, by, data })
      await say(
        'create',
        { role: 'customer', id: customerId },
        {
          order_id: orderId,
          customer_id: customerId,
          customer_name: 'Customer',
          customer_phone: phone,
          vendor_id: pharmacyId,
          delivery_address: 'A street',
          delivery_latitude: from.latitude + 0.02,
          delivery_longitude: from.longitude + 0.02,
          items: [],
        },
      )
      await say('accept', vendor, {})
      const { order } = await say('assign_driver', vendor, { driver_id: driverId })
      made[i] = { orderId, trackingToken: order.tracking_token, driverId, driverToken }
    })
    return made
  }

  const customers = await Promise.all(
    (
      await accounts('user', Math.max(plan.customers ?? 0, plan.deliveries === undefined ? 0 : 1))
    ).map(async userId => ({ userId, token: await token('user', userId) })),
  )
  const pharmacies = await makePharmacies(plan.pharmacies ?? [])
  const first = pharmacies[0]
  if (first === undefined && (plan.drivers !== undefined || plan.deliveries !== undefined))
    throw new Error('drivers belong to a pharmacy')
  const drivers =
    plan.drivers === undefined ? [] : await makeDrivers(plan.drivers, first!.pharmacyId)
  const deliveries =
    plan.deliveries === undefined
      ? []
      : await makeDeliveries(
          plan.deliveries,
          customers[0]!.userId,
          first!.pharmacyId,
          plan.pharmacies![0]!,
        )
  return { customers, pharmacies, drivers, deliveries }
}

/** Repeats the command, because on a busy machine an engine may still be taking its slots. */
async function insist<T>(say: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await say()
    } catch (error) {
      if (
        attempt === attemptsMax ||
        !(error instanceof CaduceusError && errorCatalogue[error.code].retryable)
      )
        throw error
    }
  }
}

const placeOf = ({ latitude, longitude }: Place) => ({ latitude, longitude })
