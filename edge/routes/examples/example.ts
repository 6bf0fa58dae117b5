/**
 * Examples of the API document: for every operation a request, written by hand beside the routes, and
 * the answer that a real server gave to it (`answers.json`, recorded and not written, because an answer
 * that somebody thought up is what documentation goes wrong by). `edge/acceptance/openapi.test.ts`
 * sends every one of these requests again and holds the answer to its schema, and fails for an
 * operation that has none; `RECORD_EXAMPLES=1` records the answers anew.
 */
import { readFileSync } from 'node:fs'
import { assetUrl } from '../../../protocol/assets.ts'
import type { OperationExample } from '../../http/openapi.ts'
import { accountExamples } from './accounts.ts'
import { integrationExamples } from './integrations.ts'
import { orderExamples } from './orders.ts'
import { partnerExamples } from './partners.ts'

export interface Example extends OperationExample {
  /** Whose access token it carries; nobody's when it is left out. */
  as?: 'customer' | 'vendor' | 'driver' | 'admin'
}

/** By operationId, in an order in which they can be tried one after the other. */
export const examples: Readonly<Record<string, Example>> = {
  ...accountExamples,
  ...partnerExamples,
  ...orderExamples,
  ...integrationExamples,
}

/** Recorded answers by operationId; what has no body, or none that can be shown, has no entry. */
export const answers = (): Record<string, unknown> =>
  JSON.parse(readFileSync(assetUrl('edge/routes/examples/answers.json'), 'utf8')) as Record<
    string,
    unknown
  >
