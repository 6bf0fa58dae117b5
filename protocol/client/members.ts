/** The people of a pharmacy, for programs: `api.members`. */
import type { MemberRole, memberStates } from '../pharmacies/members.ts'

export interface Member {
  id: string
  vendor_id: string
  /** Null until somebody accepts the invitation. */
  user_id: string | null
  name: string
  /** For owners and administrators, and of oneself. */
  email: string | null
  role: MemberRole
  state: (typeof memberStates)[number]
  invited_by: string | null
  created_at: string
  expires_at: string | null
  joined_at: string | null
  ended_at: string | null
}
export interface MemberInvitation {
  role: MemberRole
  /** Whom the code is for. */
  name: string
  expires_in_hours?: number
}

export interface RegisterMember {
  invitation_code: string
  email: string
  full_name: string
  phone: string
  password: string
  verification_token?: string
}

type Call = <Answer>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  options?: { query?: Record<string, string | number | boolean | undefined>; body?: object },
) => Promise<Answer>

/** The calls about members. A new member registers with `api.registerMember`. */
export class MemberCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  list(
    pharmacyId: string,
    query: { ended?: boolean; limit?: number; cursor?: string } = {},
  ): Promise<{ members: Member[]; next_cursor: string | null }> {
    return this.#call('GET', `/api/vendors/${pharmacyId}/members`, { query })
  }
  /** The answer shows the code, once. Throws `invitation_limit_reached`. */
  invite(
    pharmacyId: string,
    invitation: MemberInvitation,
  ): Promise<Member & { invitation_code: string }> {
    return this.#call('POST', `/api/vendors/${pharmacyId}/members`, { body: invitation })
  }
  /** The member's access tokens end; the sign-in gets new ones. Throws `last_owner`. */
  change(pharmacyId: string, memberId: string, role: MemberRole): Promise<Member> {
    return this.#call('PATCH', `/api/vendors/${pharmacyId}/members/${memberId}`, { body: { role } })
  }
  /** Throws `last_owner`. */
  end(pharmacyId: string, memberId: string): Promise<Member> {
    return this.#call('DELETE', `/api/vendors/${pharmacyId}/members/${memberId}`)
  }
  /** For an account with the role vendor that belongs to no pharmacy. Throws `invitation_invalid`. */
  accept(invitationCode: string): Promise<{ member: Member }> {
    return this.#call('POST', '/api/members/accept', {
      body: { invitation_code: invitationCode },
    })
  }
}
