/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const pharmacyId = { id: of.vendor }
const memberId = { id: of.vendor, member_id: of.member }

export const examples: Readonly<Record<string, Example>> = {
  inviteMember: {
    as: 'vendor',
    params: pharmacyId,
    body: { role: 'pharmacist', name: 'Petra Pharmacist', expires_in_hours: 48 },
    status: 201,
  },
  listMembers: { as: 'vendor', params: pharmacyId, query: { limit: 2 }, status: 200 },
  changeMember: { as: 'vendor', params: memberId, body: { role: 'assistant' }, status: 200 },
  endMember: { as: 'vendor', params: memberId, status: 200 },
  acceptMembership: {
    as: 'vendor',
    body: { invitation_code: of.invitationCode },
    status: 409,
  },
  registerMember: {
    body: {
      invitation_code: of.invitationCode,
      email: 'petra@example.com',
      full_name: 'Petra Pharmacist',
      phone: '+1234567899',
      password: 'pharmacist-password',
    },
    status: 201,
  },
}
