/**
 * Engines and edges of one deployment count in one currency. Each asks at its start an engine that
 * runs already; otherwise an edge would quote in one currency and an engine would charge in another.
 *
 * Rejected: the currency in the database. A deployment may change its currency later, and nothing
 * there tells whether a process with the old one still runs.
 */
import type { Bus } from '../bus/bus.ts'
import { decodeBody, encodeBody } from '../bus/codec.ts'
import { subjects } from '../bus/subjects.ts'
import { ConfigError } from '../kernel/environment.ts'

const answerMs = 1_000

/** One line for the log or the end of a start; null when the answer names no other currency. */
export function otherCurrency(currency: string, answer: unknown): string | null {
  const engines = (answer as { currency?: unknown } | null | undefined)?.currency
  return typeof engines !== 'string' || engines === currency
    ? null
    : `CURRENCY: this process counts in ${currency} and the engines that run count in ${engines}; start all engines and edges with the same CURRENCY`
}

/** Throws ConfigError when an engine runs that counts in another currency. */
export async function requireSameCurrency(
  bus: Pick<Bus, 'request'>,
  currency: string,
): Promise<void> {
  // No engine runs yet: the engine that starts later asks nobody, and the edge's health tells.
  const answer = await bus
    .request(subjects.queryHealth, encodeBody({}), answerMs)
    .then(decodeBody, () => null)
  const problem = otherCurrency(currency, answer)
  if (problem !== null) throw new ConfigError(problem)
}
