/** Papers over HTTP for tests: files that are handed in, and administrators who look at them. */
import { startFixture } from '../acceptance/fixture-edge.ts'
import { pdf } from '../uploads/samples.ts'
import { form } from '../uploads/fixture-files.ts'

export interface Person {
  id: string
  token: string
}

/** A whole edge with two administrators. */
export async function startPapers(environment: Record<string, string> = {}) {
  const edge = await startFixture({
    RATE_LIMIT_AUTH_PER_ADDRESS: '10000',
    JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '1440',
    ...environment,
  })
  const { call } = edge
  const [admin, other] = [await edge.admin(), await edge.admin()]
  const dayMs = 24 * 3_600_000
  /** A day of the UTC calendar, counted from today by the clock of the edge. */
  const day = (days: number): string =>
    new Date(edge.edge.parts.nowMs() + days * dayMs).toISOString().slice(0, 10)

  const upload = async (by: Person, bytes: Uint8Array = pdf): Promise<string> => {
    const answer = await call('POST', '/api/uploads/document', {
      token: by.token,
      body: form(bytes),
    })
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
    return answer.body.id
  }
  const send = async (by: Person, body: object, file?: string) =>
    call('POST', '/api/documents', {
      token: by.token,
      body: { file_id: file ?? (await upload(by)), ...body },
    })
  const take = (document_id: string, by: Person = admin) =>
    call('POST', '/api/documents/reviews', { token: by.token, body: { document_id } })
  const decision = (id: string, body: object, by: Person = admin) =>
    call('POST', `/api/documents/${id}/decision`, { token: by.token, body })

  return {
    ...edge,
    admin,
    other,
    day,
    upload,
    send,
    take,
    decision,
    /** Hands a licence of the pharmacy in and returns the document. */
    async licence(by: Person & { id: string }, more: object = {}) {
      const body = { kind: 'pharmacy_licence', subject: 'pharmacy', subject_id: by.id, ...more }
      return (await send(by, body)).body as { id: string; digest: string; state: string }
    },
    async approve({ id, digest }: { id: string; digest: string }, by: Person = admin) {
      await take(id, by)
      return decision(id, { decision: 'approved', digest }, by)
    },
    async require(body: object) {
      const answer = await call('POST', '/api/requirements', {
        token: admin.token,
        body: { effect: 'blocking', grace_days: 0, ...body },
      })
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
      return answer.body.id as string
    },
    get: (path: string, by: Person) => call('GET', path, { token: by.token }),
    /** The person with a new token, after the clock was moved by more than a day. */
    async again<P extends Person>(by: P): Promise<P> {
      const { rows } = await edge.database.pool.query<{ email: string }>(
        `select email from users where id = $1 or id in (select user_id from vendors where id = $1
          union all select user_id from drivers where id = $1)`,
        [by.id],
      )
      const body = { email: rows[0]!.email, password: 'password123' }
      const answer = await call('POST', '/api/auth/login', { body })
      return { ...by, token: answer.body.access_token }
    },
    async userOf(by: Person): Promise<Person> {
      const { body } = await call('GET', '/api/auth/me', { token: by.token })
      return { ...by, id: body.id ?? body.user.id }
    },
  }
}
