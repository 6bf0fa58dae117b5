/** Papers, their review and what is required, for programs: `api.papers`. */
import type {
  GoodsClass,
  PaperKind,
  PaperState,
  PaperSubject,
  RequirementRole,
  ReviewQueue,
} from '../papers/kinds.ts'

export interface Paper {
  id: string
  kind: PaperKind
  subject: PaperSubject
  subject_id: string
  state: PaperState
  /**
   * SHA-256 of the file; a decision names it. This, the number, the day of issue and reasons are
   * null for an employer who reads the papers of a person.
   */
  digest: string | null
  content_type: string
  bytes: number
  /** For `api.downloadFile`. */
  file_url: string
  number: string | null
  issued_on: string | null
  expires_on: string | null
  uploaded_by: string
  created_at: string
  supersedes: string | null
  approvals: number
  reason_code: string | null
  reason: string | null
  decided_at: string | null
  revoked_at: string | null
  /** For administrators, and for the pharmacy of an order or an appointment. */
  decided_by?: string | null
  first_approved_by?: string | null
  reviewer_id?: string | null
  review_until?: string | null
}
export interface NewPaper {
  /** From `api.uploadFile('document', file)`. */
  file_id: string
  kind: PaperKind
  subject: PaperSubject
  subject_id: string
  number?: string
  issued_on?: string
  expires_on?: string
}
export interface PaperDecision {
  decision: 'approved' | 'rejected' | 'revoked'
  digest: string
  reason_code?: string
  reason?: string
  number?: string
  expires_on?: string
}
export interface PaperRequirement {
  id: string
  role: RequirementRole
  kind: PaperKind
  country: string | null
  goods_class: GoodsClass | null
  effect: 'blocking' | 'warning'
  grace_days: number
  four_eyes: boolean
  created_at: string
  revision: number
}
interface Standing {
  role: RequirementRole
  id: string
  may_work: boolean
  barred_goods: GoodsClass[]
  requirements: {
    requirement_id: string
    kind: PaperKind
    goods_class: GoodsClass | null
    effect: PaperRequirement['effect']
    state: PaperState
    document_id: string | null
    renewal: 'pending' | 'in_review' | null
    grace_until: string | null
    blocks: boolean
  }[]
}
type Page = { documents: Paper[]; next_cursor: string | null }

type Call = <Answer>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  options?: { query?: Record<string, string | number | undefined>; body?: object },
) => Promise<Answer>

/** The calls about papers. */
export class PaperCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Throws `not_found` for a record that is not the caller's. */
  handIn(paper: NewPaper): Promise<Paper> {
    return this.#call('POST', '/api/documents', { body: paper })
  }
  list(
    query: {
      subject?: PaperSubject
      subject_id?: string
      kind?: PaperKind
      limit?: number
      cursor?: string
    } = {},
  ): Promise<Page> {
    return this.#call('GET', '/api/documents', { query })
  }
  get(id: string): Promise<Paper> {
    return this.#call('GET', `/api/documents/${id}`)
  }
  /** Throws `document_changed`, `document_state_conflict`, `review_not_held`. */
  decide(id: string, decision: PaperDecision): Promise<Paper> {
    return this.#call('POST', `/api/documents/${id}/decision`, { body: decision })
  }
  waiting(query: { queue?: ReviewQueue; limit?: number; cursor?: string } = {}): Promise<Page> {
    return this.#call('GET', '/api/documents/reviews', { query })
  }
  /** Takes a paper to look at for 15 minutes. Throws `review_taken`. */
  take(wanted: { document_id: string } | { queue: ReviewQueue }): Promise<Paper> {
    return this.#call('POST', '/api/documents/reviews', { body: wanted })
  }
  giveBack(id: string): Promise<void> {
    return this.#call('DELETE', `/api/documents/${id}/review`)
  }
  /** What is needed, and how far the caller's pharmacy or driver has it. */
  requirements(
    query: { role?: RequirementRole; id?: string } = {},
  ): Promise<{ requirements: PaperRequirement[]; standing: Standing | null }> {
    return this.#call('GET', '/api/requirements', { query })
  }
  require(
    requirement: Pick<PaperRequirement, 'role' | 'kind' | 'effect'> &
      Partial<Pick<PaperRequirement, 'country' | 'goods_class' | 'grace_days' | 'four_eyes'>>,
  ): Promise<PaperRequirement> {
    return this.#call('POST', '/api/requirements', { body: requirement })
  }
  changeRequirement(
    id: string,
    change: Partial<Pick<PaperRequirement, 'effect' | 'grace_days' | 'four_eyes'>>,
  ): Promise<PaperRequirement> {
    return this.#call('PATCH', `/api/requirements/${id}`, { body: change })
  }
  endRequirement(id: string): Promise<void> {
    return this.#call('DELETE', `/api/requirements/${id}`)
  }
}
