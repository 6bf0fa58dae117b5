/** A whole server with a pharmacy and its people, for tests: everything by HTTP and sockets. */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import type { Test } from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { http, newCustomer, newPharmacy, password, type Answer } from '../acceptance/people.ts'
import { makeAdministrator } from '../accounts/administrator.ts'
import { startEmbedded } from '../embedded.ts'

/** A member with the tokens of a sign-in. */
export interface Member {
  id: string
  memberId: string
  pharmacyId: string
  email: string
  token: string
  refresh: string
}

export async function startMembers(t: Test, environment: Record<string, string> = {}) {
  const dataDir = await preparedDataDir()
  const embedded = await startEmbedded(
    {
      DATA_DIR: dataDir,
      PORT: '0',
      RATE_LIMIT_AUTH_PER_ACCOUNT: '10000',
      RATE_LIMIT_AUTH_PER_ADDRESS: '10000',
      ...environment,
    },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await embedded.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { url } = embedded
  const call = (who: { token: string } | null, method: string, path: string, body?: unknown) =>
    http(url, method, path, { ...(who !== null && { token: who.token }), body })
  const done = async (...args: Parameters<typeof call>): Promise<Answer['body']> => {
    const answer = await call(...args)
    if (answer.status >= 300)
      throw new Error(`${args[1]} ${args[2]}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const signIn = async (email: string) => {
    const body = await done(null, 'POST', '/api/auth/login', { email, password })
    return { token: body.access_token as string, refresh: body.refresh_token as string }
  }
  let people = 0
  const details = (name: string) => ({
    email: `member-${++people}@example.com`,
    full_name: name,
    phone: '+1234567890',
    password,
  })

  return {
    embedded,
    url,
    call,
    done,
    signIn,
    details,
    customer: () => newCustomer(url),
    async administrator(): Promise<{ token: string }> {
      const email = 'admin@example.org'
      const { database, ...clock } = embedded.edge.parts
      const account = { email, name: 'Ada', phone: '', password }
      await makeAdministrator(database.kysely, clock, account)
      return signIn(email)
    },
    /** A pharmacy; its account is the owner. */
    async pharmacy(latitude = 27.7172, longitude = 85.324) {
      const { id, pharmacyId, email, token } = await newPharmacy(url, 'Corner', latitude, longitude)
      const owner = { id, memberId: pharmacyId, pharmacyId, email, token, refresh: '' }
      const path = `/api/vendors/${pharmacyId}/members`
      const invite = async (role: string, more: object = {}): Promise<string> =>
        (await done(owner, 'POST', path, { role, name: 'Somebody', ...more })).invitation_code
      return {
        owner: owner as Member,
        path,
        invite,
        async hire(role: string, name: string): Promise<Member> {
          const person = details(name)
          const invitation_code = await invite(role)
          const body = await done(null, 'POST', '/api/members/register', {
            invitation_code,
            ...person,
          })
          return {
            id: body.user.id,
            memberId: body.member.id,
            pharmacyId,
            email: person.email,
            token: body.access_token,
            refresh: body.refresh_token,
          }
        },
      }
    },
  }
}
