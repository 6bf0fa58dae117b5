/** The callers that the operations of this feature answer. */
import { everyone, ofPharmacy, pharmacies, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  listMembers: ofPharmacy,
  inviteMember: ofPharmacy,
  changeMember: ofPharmacy,
  endMember: ofPharmacy,
  acceptMembership: pharmacies,
  registerMember: everyone,
}
