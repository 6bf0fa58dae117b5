/**
 * Ids that the examples of all schemas share. A reader of the AsyncAPI document meets the same
 * customer, pharmacy, driver and order in every message.
 */
export const ids = {
  order: '019a9d2e-5c1a-7c3b-9f10-3b1d2a4c5e6f',
  customer: '019a9d2e-0001-7aaa-8bbb-000000000001',
  pharmacy: '019a9d2e-0002-7aaa-8bbb-000000000002',
  driver: '019a9d2e-0003-7aaa-8bbb-000000000003',
  offer: '019a9d2e-6d2b-7d4c-8a21-4c2e3b5d6f70',
  service: '019a9d2e-0004-7aaa-8bbb-000000000004',
  appointment: '019a9d2e-7e3c-7e5d-9b32-5d3f4c6e7081',
} as const

export const at = '2026-09-21T13:33:20.000Z'

/** A pharmacy, a customer's door, and a driver between them. */
export const pharmacyPlace = { latitude: 27.71, longitude: 85.33, address: '1 Main St' }
export const door = { latitude: 27.7172, longitude: 85.324, address: '456 Home Ave' }
export const pin = { latitude: 27.7145, longitude: 85.3271, heading: 180, speed: 8 }
