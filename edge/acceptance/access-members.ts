/** The requests of the access test for the people of a pharmacy. */
import { password } from './people.ts'
import type { World } from './access-world.ts'

type Ids = Readonly<Record<string, string>>
interface Request {
  params?: Record<string, string>
  body?: unknown
}
interface MemberRule {
  of(ids: Ids, who: unknown, world: World): Request | Promise<Request>
  last?: boolean
}

const member = (ids: Ids) => ({ id: ids['vendor']!, member_id: ids['member']! })
/** A code that opens nothing. */
const invitation_code = 'AAAAA-AAAAA-AAAAA'

/** By operationId. */
export const memberCalls: Readonly<Record<string, MemberRule>> = {
  inviteMember: { of: () => ({ body: { role: 'assistant', name: 'Asa' } }) },
  changeMember: { of: ids => ({ params: member(ids), body: { role: 'pharmacist' } }) },
  endMember: { last: true, of: ids => ({ params: member(ids) }) },
  acceptMembership: { of: () => ({ body: { invitation_code } }) },
  registerMember: {
    of: () => ({
      body: {
        invitation_code,
        email: `member-${Math.random().toString(36).slice(2)}@example.com`,
        full_name: 'New',
        phone: '+1234567890',
        password,
      },
    }),
  },
}
