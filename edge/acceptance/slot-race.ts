/**
 * Two hundred bookings of one slot at once, through both edges: exactly as many succeed as there
 * are seats, and every other one is told the next free slots. The calendar's own test runs the race
 * a hundred times.
 */
import type { Test } from 'tap'
import type { Deployment } from './fixture-city.ts'
import { http, Listener, newCustomer, newPharmacy } from './people.ts'

const customerCount = 40
const bookingsOfEach = 5
const roundCount = 5
const dayMs = 24 * 3_600_000

/** Adds the race to the tests; `deployment` is read when the test runs. */
export function slotRace(t: Test, deployment: () => Deployment): void {
  t.test(
    `of ${customerCount * bookingsOfEach} bookings of a slot as many succeed as there are seats`,
    { timeout: 240_000 },
    async t => {
      const { url, other } = deployment()
      const pharmacy = await newPharmacy(url, 'Clinic Pharmacy', -31, 150)
      const customers = await Promise.all(
        Array.from({ length: customerCount }, (_, i) => newCustomer(i % 2 === 0 ? url : other)),
      )
      const [first] = customers
      const screen = new Listener(url, `/ws/customer/?token=${first!.token}`)
      await screen.next('connection')
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
      }
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
