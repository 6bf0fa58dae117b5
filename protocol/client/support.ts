/** What administrators do with conversations, ratings and background work: `api.support`. */
import type { Reason } from '../conversations/parts.ts'
import type { ConversationView } from '../conversations/view.ts'
import type { Rating, ReportReason } from './rest-shapes.ts'

export interface ConversationReport {
  id: string
  conversation_id: string
  message_id: string | null
  /** Who reported. */
  side: string
  reason: ReportReason
  text: string | null
  created_at: string
  decision: 'upheld' | 'dismissed' | null
  decided_at: string | null
}
interface JobRun {
  state: 'running' | 'succeeded' | 'failed' | 'interrupted' | 'died'
  attempt: number
  asked_by: string | null
  edge_id: string
  started_at: string
  ended_at: string | null
  figures: Record<string, number> | null
  error: string | null
}
export interface BackgroundJob {
  id: string
  name: string
  about: string
  every_minutes: number
  state: 'waiting' | 'asked' | 'running'
  paused: boolean
  paused_at: string | null
  paused_by: string | null
  due_at: string
  failures: number
  last_run: JobRun | null
}

type Call = <Answer>(method: string, path: string, options?: { body?: object }) => Promise<Answer>

/** The calls of support, as `support` of the client. */
export class SupportCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Newest first. */
  reports(conversationId: string): Promise<{ reports: ConversationReport[] }> {
    return this.#call('GET', `/api/conversations/${conversationId}/reports`)
  }
  decideReports(
    conversationId: string,
    decision: 'upheld' | 'dismissed',
  ): Promise<ConversationView> {
    return this.#call('POST', `/api/conversations/${conversationId}/report/decision`, {
      body: { decision },
    })
  }
  /** Nobody writes any more, and nothing is taken back. */
  freeze(conversationId: string, reason: Reason): Promise<ConversationView> {
    return this.#call('POST', `/api/conversations/${conversationId}/freeze`, { body: { reason } })
  }
  thaw(conversationId: string): Promise<ConversationView> {
    return this.#call('POST', `/api/conversations/${conversationId}/thaw`, { body: {} })
  }
  close(conversationId: string): Promise<ConversationView> {
    return this.#call('POST', `/api/conversations/${conversationId}/close`, { body: {} })
  }

  /** Decides upon an appeal; the rated one is shown the reason. */
  decideRating(ratingId: string, decision: 'stands' | 'removed', reason: string): Promise<Rating> {
    return this.#call('POST', `/api/ratings/${ratingId}/decision`, { body: { decision, reason } })
  }

  jobs(): Promise<{ jobs: BackgroundJob[] }> {
    return this.#call('GET', '/api/admin/jobs')
  }
  job(name: string): Promise<BackgroundJob & { runs: JobRun[] }> {
    return this.#call('GET', `/api/admin/jobs/${name}`)
  }
  runJob(name: string): Promise<BackgroundJob> {
    return this.#call('POST', `/api/admin/jobs/${name}/run`, { body: {} })
  }
  pauseJob(name: string): Promise<BackgroundJob> {
    return this.#call('POST', `/api/admin/jobs/${name}/pause`, { body: {} })
  }
  resumeJob(name: string): Promise<BackgroundJob> {
    return this.#call('POST', `/api/admin/jobs/${name}/resume`, { body: {} })
  }
}
