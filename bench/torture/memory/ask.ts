/**
 * One HTTP request as a careful client makes it: with an idempotency key, repeated at the other
 * edge until there is a final answer. Null means that none came, and the client then knows nothing.
 */
import { isErrorCode, errorCatalogue } from '../../../protocol/kernel/errors.ts'
import type { Chance } from '../../../protocol/kernel/chance.ts'

export interface Asked {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  token: string
  body?: object
  form?: FormData
  key?: string
}
/** `code` is the code of the problem; null for a success. */
export interface Answer {
  status: number
  code: string | null
  body: Record<string, unknown>
}

export interface AskContext {
  urls: readonly string[]
  chance: Chance
  /** No further attempt after this time, by `performance.now`. */
  untilMs: number
  tally: Tally
  /** The longest pause between two attempts. */
  pauseMsMax?: number
}

/** Counts of all clients. */
export interface Tally {
  attempts: number
  answered: number
  unanswered: number
  unavailable: number
  /** Answers that no client should ever see: 500s, with their source. */
  internal: string[]
  slowestMs: number
}
/** Counts that are all 0. */
export const newTally = (): Tally => ({
  attempts: 0,
  answered: 0,
  unanswered: 0,
  unavailable: 0,
  internal: [],
  slowestMs: 0,
})

const attemptTimeoutMs = 12_000
const pauseMsMaxDefault = 800
const internalKeptMax = 20

/** Repeats the request until a final answer, or until `untilMs`. */
export async function ask(context: AskContext, asked: Asked): Promise<Answer | null> {
  const { chance, tally, untilMs, pauseMsMax = pauseMsMaxDefault } = context
  let url = chance.pick(context.urls)
  for (let pauseMs = 50; performance.now() < untilMs; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    tally.attempts++
    const answer = await attempt(url, asked, tally)
    if (answer !== null && !retryable(answer)) {
      tally.answered++
      return answer
    }
    if (answer === null) tally.unanswered++
    else if (answer.status !== 500) tally.unavailable++
    else if (tally.internal.length < internalKeptMax)
      tally.internal.push(`${asked.method} ${asked.path}: ${JSON.stringify(answer.body)}`)
    url = context.urls.find(other => other !== url) ?? url
    await new Promise<void>(resolve => {
      setTimeout(resolve, pauseMs * chance.between(0.5, 1))
    })
  }
  return null
}

const retryable = ({ status, code }: Answer): boolean =>
  status === 429 || (status >= 500 && (!isErrorCode(code) || errorCatalogue[code].retryable))

async function attempt(
  url: string,
  { method, path, token, body, form, key }: Asked,
  tally: Tally,
): Promise<Answer | null> {
  const fromMs = performance.now()
  try {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(form !== undefined && { body: form }),
      signal: AbortSignal.timeout(attemptTimeoutMs),
    })
    const parsed = JSON.parse(await response.text()) as Record<string, unknown>
    const code = parsed['code']
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - fromMs)
    return {
      status: response.status,
      code: response.ok ? null : typeof code === 'string' ? code : 'no_code',
      body: parsed,
    }
  } catch {
    return null
  }
}
