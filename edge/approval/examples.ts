/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const pharmacyId = { id: of.vendor }
const driverId = { id: of.driver }

export const examples: Readonly<Record<string, Example>> = {
  listApprovals: { as: 'admin', query: { limit: 2 }, status: 200 },
  approveVendor: { as: 'admin', params: { id: of.applicant }, body: {}, status: 200 },
  rejectVendor: {
    as: 'admin',
    params: { id: of.applicant },
    body: { reason: 'The licence could not be found in the register' },
    status: 200,
  },
  suspendVendor: {
    as: 'admin',
    params: { id: of.applicant },
    body: { reason: 'The licence has expired' },
    status: 200,
  },
  inviteDriver: {
    as: 'vendor',
    params: pharmacyId,
    body: { uses: 1, expires_in_hours: 48, note: 'for Dora' },
    status: 201,
  },
  listInvitations: { as: 'vendor', params: pharmacyId, query: { limit: 2 }, status: 200 },
  revokeInvitation: {
    as: 'vendor',
    params: { ...pharmacyId, invitation_id: of.invitation },
    status: 200,
  },
  approveDriver: {
    as: 'vendor',
    params: { ...pharmacyId, driver_id: of.applicantDriver },
    body: {},
    status: 200,
  },
  endDriver: {
    as: 'vendor',
    params: { ...pharmacyId, driver_id: of.applicantDriver },
    body: {},
    status: 200,
  },
  removeDriver: { as: 'vendor', params: { id: of.applicantDriver }, status: 200 },
  requestMembership: { as: 'driver', params: driverId, body: {}, status: 200 },
}
