/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const vendor = { id: of.vendor }
const service = { id: of.service }

export const examples: Readonly<Record<string, Example>> = {
  createMainService: {
    as: 'vendor',
    params: vendor,
    body: { name: 'Vaccinations', description: 'Against flu, tetanus and others', icon: 'syringe' },
    status: 201,
  },
  listMainServices: { params: vendor, status: 200 },
  updateMainService: {
    as: 'vendor',
    params: { id: of.mainService },
    body: { icon: 'shield' },
    status: 200,
  },
  createService: {
    as: 'vendor',
    params: vendor,
    body: {
      name: 'Flu vaccination',
      price: 15,
      duration_minutes: 20,
      interval_minutes: 20,
      capacity: 2,
      rules: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00' }],
      overrides: [{ date: '2027-12-24', intervals: [{ from: '09:00', to: '12:00' }] }],
      steps: [
        { id: 'consent', name: 'Consent', minutes: 5 },
        { id: 'injection', name: 'Injection', minutes: 5 },
      ],
      reminder_minutes: [1440, 120],
    },
    status: 201,
  },
  listServices: { params: vendor, query: { limit: 1 }, status: 200 },
  getService: { params: service, status: 200 },
  updateService: {
    as: 'vendor',
    params: service,
    body: { price: 16.5, leave: [{ from: '2027-08-02T00:00', to: '2027-08-16T00:00', seats: 1 }] },
    status: 200,
  },
  getAvailability: { params: service, status: 200 },
  closeVendor: {
    as: 'vendor',
    params: vendor,
    body: { from: '2027-12-25T00:00', to: '2027-12-27T00:00', reason: 'Christmas' },
    status: 201,
  },
  listClosures: { as: 'vendor', params: vendor, status: 200 },
  reopenVendor: {
    as: 'vendor',
    params: { id: of.vendor, closure_id: of.closure },
    status: 204,
  },
  deleteMainService: { as: 'vendor', params: { id: of.mainService }, status: 204 },
}
