/**
 * A whole edge and the people of its orders: two customers, two pharmacies, and two drivers of the
 * first pharmacy.
 */
import { startFixture } from './fixture-edge.ts'
import type { Test } from 'tap'

/** Starts the edge and registers its people. */
export async function startParties(t: Test) {
  const edge = await startFixture()
  t.teardown(() => edge.stop())
  const { call } = edge

  const customer = await edge.customer()
  const stranger = await edge.customer()
  const pharmacy = await edge.pharmacy()
  const otherPharmacy = await edge.pharmacy()
  const driver = await edge.driver(pharmacy.id)
  const otherDriver = await edge.driver(pharmacy.id)
  return { edge, call, customer, stranger, pharmacy, otherPharmacy, driver, otherDriver }
}
