/** The requests of the access test for the parcel of an order. */
type Ids = Readonly<Record<string, string>>

const ofOrder = (body?: unknown) => ({
  of: (ids: Ids) => ({ params: { id: ids['order']! }, ...(body !== undefined && { body }) }),
})

/** By operationId. */
export const custodyCalls = {
  packParcel: ofOrder({ seal_number: 'S-1', packages: ['RX-1'] }),
  scanPackage: ofOrder({ code: 'RX-1' }),
  reportHandover: ofOrder({ stage: 'pickup' }),
  nameAgent: ofOrder({ name: 'Jane Doe', relationship: 'family' }),
  getHandoverCode: ofOrder(),
  renewHandoverCode: ofOrder({}),
  unlockHandover: ofOrder({}),
  reportBreak: ofOrder({ kind: 'damaged' }),
  recordTemperatures: ofOrder({
    device: 'LOG-7',
    calibrated_on: '2026-03-01',
    readings: [{ at: '2026-10-01T10:00:00Z', temperature: 5 }],
  }),
  recordTemperatureFile: {
    of: (ids: Ids) => ({
      params: { id: ids['order']! },
      query: { device: 'LOG-7', calibrated_on: '2026-03-01' },
      headers: { 'content-type': 'text/csv' },
      body: 'Time,Temperature °C\n2026-10-01T10:00:00Z,5\n',
    }),
  },
  decideBreak: ofOrder({ number: 1, outcome: 'continue', reason: 'looked at' }),
  setCustodyPolicies: {
    of: (ids: Ids) => ({ params: { id: ids['vendor']! }, body: {} }),
  },
}
