/**
 * Errors as answers: RFC 9457 problem documents from the catalogue. An error that is not a
 * CaduceusError is a defect of ours. It is logged with its stack and answered as `internal`,
 * because its text may say more than the caller should know.
 */
import type { Logger } from 'pino'
import { errorCatalogue, problemDocument, type ErrorCode } from '../../protocol/kernel/errors.ts'
import { asProblem } from '../kernel/as-problem.ts'
import type { AnyRoute, RouteAnswer } from '../kernel/route.ts'

/**
 * Time that a client should wait before it repeats a request: enough for an engine to take over a
 * slot.
 */
const retryAfterSeconds = 1

/** The answer for an error, in the shape of the row. Logs an error that is not a CaduceusError. */
export function problemAnswer(
  error: unknown,
  requestId: string,
  log: Logger,
  route: AnyRoute | null,
): RouteAnswer & { code: ErrorCode } {
  const known = asProblem(error)
  if (known !== error)
    log.error(
      { err: error, request_id: requestId, route: route?.path, code: known.code },
      'request failed',
    )
  const row = errorCatalogue[known.code]
  const headers: Record<string, string> = {}
  if (row.retryable && (row.http === 503 || row.http === 429))
    headers['retry-after'] = String(known.retryAfterSeconds ?? retryAfterSeconds)
  if (row.http === 401) headers['www-authenticate'] = 'Bearer realm="caduceus"'
  const document = problemDocument(known.toProblem(), requestId)
  if (route?.shapeError !== undefined) {
    const { status, body } = route.shapeError(known.code, document)
    return { status, body, headers, code: known.code }
  }
  return {
    status: row.http,
    code: known.code,
    body: document,
    headers: { ...headers, 'content-type': 'application/problem+json' },
  }
}
