/**
 * Two hundred bookings of one slot at once, through both edges: exactly as many succeed as there
 * are seats, and every other one is told the next free slots. The calendar's own test runs the race
 * a hundred times. `SLOT_RACES=100 TAP_GREP='/bookings of a slot|engines/' TAP_TIMEOUT=3600` before
 * `node dist/edge/acceptance/embedded.test.js`, or `distributed.test.js`, runs it a hundred times
 * with five hundred customers, which takes many minutes.
 */
import type { Test } from 'tap'
import type { Deployment } from './fixture-city.ts'
import { http, Listener, newCustomer, newPharmacy, type Person } from './people.ts'

const longRaces = Number(process.env['SLOT_RACES'] ?? 0)
const isLong = longRaces > 0
const customerCount = isLong ? 500 : 40
const bookingsOfEach = isLong ? 1 : 5
const roundCount = isLong ? longRaces : 5
/** Longest time of the race. */
export const slotRaceMs = isLong ? 3_600_000 : 240_000
/** Variables of edges for a hundred rounds: tokens that last, and a crowd from one address. */
export const slotRaceEnvironment: Readonly<Record<string, string>> = isLong
  ? {
      JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '600',
      RATE_LIMIT_AUTH_PER_ADDRESS: '100000',
      RATE_LIMIT_REGISTRATION_PER_ADDRESS: '100000',
      RATE_LIMIT_WRITE_PER_ADDRESS: '1000000',
    }
  : {}
const dayMs = 24 * 3_600_000

/** The racers, registered at both edges, fifty at a time. */
async function crowd(url: string, other: string): Promise<Person[]> {
  const all: Person[] = []
  while (all.length < customerCount)
    all.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(50, customerCount - all.length) }, (_, i) =>
          newCustomer(i % 2 === 0 ? url : other),
        ),
      )),
    )
  return all
}

/** Adds the race to the tests; `deployment` is read when the test runs. */
export function slotRace(t: Test, deployment: () => Deployment): void {
  t.test(
    `of ${customerCount * bookingsOfEach} bookings of a slot as many succeed as there are seats`,
    { timeout: slotRaceMs },
    async t => {
      const { url, other } = deployment()
      const pharmacy = await newPharmacy(url, 'Clinic Pharmacy', -31, 150)
      const customers = await crowd(url, other)
      for (let round = 0; round < roundCount; round++) {
        const capacity = 1 + (round % 4)
        const { body: service } = await http(
          url,
          'POST',
          `/api/vendors/${pharmacy.pharmacyId}/services`,
          {
            token: pharmacy.token,
            body: {
              name: `Clinic ${round}`,
              capacity,
              time_zone: 'UTC',
              rules: [
                {
                  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
                  from: '00:00',
                  to: '24:00',
                },
              ],
              confirmation: round % 2 === 0 ? 'automatic' : 'manual',
            },
          },
        )
        const { body: free } = await http(other, 'GET', `/api/services/${service.id}/availability`)
        const { start } = free.slots[10]
        const answers = await Promise.all(
          customers.flatMap((customer, i) =>
            Array.from({ length: bookingsOfEach }, (_, n) =>
              http((i + n) % 2 === 0 ? url : other, 'POST', '/api/appointments', {
                token: customer.token,
                body: { service_id: service.id, start },
              }),
            ),
          ),
        )
        const made = answers.filter(({ status }) => status === 201)
        const told = answers.filter(
          ({ status, body }) =>
            status === 409 && body.code === 'slot_taken' && body.next_free.length === 5,
        )
        t.equal(made.length, capacity)
        t.equal(told.length, answers.length - capacity)
        const { body: kept } = await http(
          other,
          'GET',
          `/api/appointments?service_id=${service.id}`,
          { token: pharmacy.token },
        )
        t.same(
          new Set(kept.appointments.map((one: { id: string }) => one.id)),
          new Set(made.map(({ body }) => body.id)),
          'the rows are the appointments that were granted',
        )
      }
      const [first] = customers
      const screen = new Listener(url, `/ws/customer/?token=${first!.token}`)
      await screen.next('connection')
      const { body: mine } = await http(url, 'POST', '/api/waitlist', {
        token: first!.token,
        body: {
          service_id: (
            await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}/services?limit=1`)
          ).body.services[0].id,
          from: new Date(Date.now() + 61 * dayMs).toISOString(),
          to: new Date(Date.now() + 61.5 * dayMs).toISOString(),
        },
      })
      await screen.next('appointment', message => message.appointment_id === mine.id)
      screen.socket.close()
    },
  )
}
