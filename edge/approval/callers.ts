/** The callers that the operations of this feature answer. */
import { admins, ofPharmacy, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  listApprovals: admins,
  approveVendor: admins,
  suspendVendor: admins,
  rejectVendor: admins,
  inviteDriver: ofPharmacy,
  listInvitations: ofPharmacy,
  revokeInvitation: ofPharmacy,
  approveDriver: ofPharmacy,
  endDriver: ofPharmacy,
  removeDriver: ofPharmacy,
  requestMembership: ['driver'],
}
