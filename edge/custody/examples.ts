/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const params = { id: of.order }

export const examples: Readonly<Record<string, Example>> = {
  getCustody: { as: 'customer', params, status: 200 },
  exportCustody: { as: 'customer', params, query: { format: 'caduceus' }, status: 200 },
  getCustodyPolicies: { as: 'vendor', params: { id: of.vendor }, status: 200 },
  setCustodyPolicies: {
    as: 'vendor',
    params: { id: of.vendor },
    body: {
      controlled: { minimum_age: 18, return_minutes: 180 },
      cold_chain: { handover: ['photo'] },
    },
    status: 200,
  },
  packParcel: {
    as: 'vendor',
    params,
    body: { goods_classes: ['prescription'], seal_number: 'S-1042', packages: ['RX-77-1'] },
    status: 200,
  },
  scanPackage: { as: 'driver', params, body: { code: 'RX-77-1' }, status: 200 },
  nameAgent: {
    as: 'customer',
    params,
    body: { name: 'Jane Doe', relationship: 'family' },
    status: 200,
  },
  getHandoverCode: { as: 'customer', params, status: 200 },
  renewHandoverCode: { as: 'customer', params, body: {}, status: 200 },
  unlockHandover: { as: 'vendor', params, body: {}, status: 409 },
  getHandoverKey: { status: 200 },
  reportHandover: {
    as: 'driver',
    params,
    body: { stage: 'pickup', seal_number: 'S-1042', temperature_celsius: 5.2 },
    status: 200,
  },
  reportBreak: {
    as: 'driver',
    params,
    body: { kind: 'damaged', note: 'the box is wet' },
    status: 200,
  },
  recordTemperatures: {
    as: 'driver',
    params,
    body: {
      device: 'LOG-7',
      calibrated_on: '2026-03-01',
      readings: [{ at: of.readingAt, temperature: 5.2 }],
    },
    status: 200,
  },
  recordTemperatureFile: {
    as: 'driver',
    params,
    query: { device: 'LOG-7', calibrated_on: '2026-03-01' },
    raw: { contentType: 'text/csv', text: `Time,Temperature °C\n${of.readingAt},5.2\n` },
    status: 200,
  },
  getTemperatures: { as: 'driver', params, status: 200 },
  decideBreak: {
    as: 'vendor',
    params,
    body: { number: 1, outcome: 'continue', reason: 'packed anew at the counter' },
    status: 200,
  },
  listCustodyCheckpoints: { as: 'customer', query: { limit: 1 }, status: 200 },
}
