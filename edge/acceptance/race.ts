/**
 * Two hundred pharmacies accept the same request at once, a hundred times. One wins, every loser is
 * told, and nobody waits for ever [1].
 */
import type { Test } from 'tap'
import type { Deployment } from './fixture-city.ts'
import { http, newCustomer, newPharmacy, terminal, type Pharmacy } from './people.ts'

const pharmacyCount = 200
const raceCount = 100
const registrationsAtOnce = 8

/** Adds the race to the tests; `deployment` is read when the test runs. */
export function race(t: Test, deployment: () => Deployment): void {
  t.test(
    `one of ${pharmacyCount} accepts at once wins, ${raceCount} times [1]`,
    { timeout: 240_000 },
    async t => {
      const { url, other } = deployment()
      const customer = await newCustomer(url)
      const pharmacies: Pharmacy[] = []
      let next = 0
      await Promise.all(
        Array.from({ length: registrationsAtOnce }, async () => {
          while (next < pharmacyCount) {
            const i = next++
            pharmacies.push(
              await newPharmacy(i % 2 === 0 ? url : other, `Racer ${i}`, -30 + i * 0.0001, 150),
            )
          }
        }),
      )
      const screens = await Promise.all(
        pharmacies.map((pharmacy, i) => terminal(i % 2 === 0 ? url : other, pharmacy)),
      )
      let wrong = 0
      for (let round = 0; round < raceCount; round++) {
        const made = await http(url, 'POST', '/api/requests', {
          token: customer.token,
          body: { latitude: -30, longitude: 150, radius_km: 10, quantity: 1 },
        })
        const { request_id, pharmacies_notified } = made.body
        if (pharmacies_notified !== pharmacyCount)
          throw new Error(`${pharmacies_notified} notified`)
        const outcomes = await Promise.all(
          screens.map(async screen => {
            await screen.next('new_request', m => m.request_id === request_id)
            screen.send({
              type: 'respond',
              request_id,
              response_type: 'ACCEPTED',
              id: String(round),
            })
            return (await screen.next('response_result', m => m.request_id === request_id))
              .outcome as string
          }),
        )
        const winners = outcomes.filter(o => o === 'won').length
        const losers = outcomes.filter(o => o === 'lost').length
        const winner = pharmacies[outcomes.indexOf('won')]
        const { body } = await http(other, 'GET', `/api/requests/${request_id}`, {
          token: customer.token,
        })
        if (
          winners !== 1 ||
          losers !== pharmacyCount - 1 ||
          body.vendor_id !== winner?.pharmacyId
        ) {
          wrong++
          t.fail(`round ${round}: ${winners} won, ${losers} lost, the order says ${body.vendor_id}`)
        }
        await Promise.all(
          screens.map((screen, i) =>
            outcomes[i] === 'won'
              ? null
              : screen.next('request_taken', m => m.request_id === request_id),
          ),
        )
        for (const screen of screens) screen.heard.length = 0
      }
      t.equal(wrong, 0, 'exactly one winner each time, every loser told')
      for (const screen of screens) screen.close()
    },
  )
}
