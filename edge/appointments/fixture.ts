/**
 * A whole server for the tests of appointments: edge, engine and database in one process, with a
 * pharmacy, its service and customers. Time is real, so slots are made around now; a test may move
 * the clock ahead, and timers come due with it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import {
  http,
  newCustomer,
  newPharmacy,
  password,
  type Answer,
  type Person,
} from '../acceptance/people.ts'
import { startEmbedded } from '../embedded.ts'
import { makeAdministrator } from '../accounts/administrator.ts'
import { realEnv, type Env } from '../../protocol/kernel/env.ts'

/** Always open, in slots of half an hour. */
const always = {
  time_zone: 'UTC',
  rules: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '24:00' }],
  notice_minutes: 0,
  cancel_minutes: 0,
  reminder_minutes: [],
}

/** The real clock with what was added to it. */
function movableClock(): Env & { moveAhead(ms: number): void } {
  const real = realEnv()
  let aheadMs = 0
  const timers = new Set<{ atMs: number; fire(): void }>()
  const nowMs = (): number => real.nowMs() + aheadMs
  return {
    ...real,
    nowMs,
    after(ms, run) {
      const cancel = (): void => {
        timers.delete(timer)
        stopWaiting()
      }
      const fire = (): void => {
        cancel()
        run()
      }
      const timer = { atMs: nowMs() + ms, fire }
      timers.add(timer)
      // A moved clock fires a timer early. Its real timer ends then, or it would hold the process.
      const stopWaiting = real.after(ms, fire)
      return cancel
    },
    moveAhead(ms) {
      aheadMs += ms
      for (const timer of [...timers].toSorted((a, b) => a.atMs - b.atMs))
        if (timer.atMs <= nowMs()) timer.fire()
    },
  }
}

/** Starts the server. Call `stop` at the end. */
export async function startVisits() {
  const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-'))
  const env = movableClock()
  const embedded = await startEmbedded(
    { DATA_DIR: dataDir, PORT: '0', RATE_LIMIT_AUTH_PER_ADDRESS: '10000', BENCH_ALLOWED: '1' },
    { log: pino({ level: 'silent' }), env },
  )
  const { url } = embedded
  const call = (
    by: { token: string } | null,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    http(url, method, path, {
      ...(by !== null && { token: by.token }),
      ...(body !== undefined && { body }),
      headers,
    })
  const pharmacy = await newPharmacy(url, 'City Pharmacy', 27.71, 85.33)
  const done = async (...args: Parameters<typeof call>) => {
    const answer = await call(...args)
    if (answer.status >= 300) throw new Error(`${args[1]} ${args[2]}: ${JSON.stringify(answer)}`)
    return answer.body
  }
  return {
    ...embedded,
    call,
    done,
    pharmacy,
    always,
    moveAhead: env.moveAhead,
    async administrator(): Promise<{ token: string }> {
      const email = 'admin@example.org'
      const account = { email, name: 'Ada', phone: '', password }
      await makeAdministrator(embedded.edge.parts.database.kysely, env, account)
      const { access_token } = await done(null, 'POST', '/api/auth/login', { email, password })
      return { token: access_token }
    },
    customer: (): Promise<Person> => newCustomer(url),
    /** Makes a service of the pharmacy; `always` unless stated. */
    service: async (given: object = {}) =>
      done(pharmacy, 'POST', `/api/vendors/${pharmacy.pharmacyId}/services`, {
        name: 'Consultation',
        ...always,
        ...given,
      }),
    /** The free slots of the next two days. */
    async slots(serviceId: string): Promise<string[]> {
      const { slots } = await done(null, 'GET', `/api/services/${serviceId}/availability`)
      return slots.map((slot: { start: string }) => slot.start)
    },
    book: (by: Person, service_id: string, start: string, more: object = {}) =>
      call(by, 'POST', '/api/appointments', { service_id, start, ...more }),
    async stop() {
      await embedded.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
