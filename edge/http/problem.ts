/**
 * Errors as answers: RFC 9457 problem documents from the catalogue. An error that is not a
 * CaduceusError is a defect of ours. It is logged with its stack and answered as `internal`,
 * because its text may say more than the caller should know.
 */
import type { Logger } from 'pino'
import {
  CaduceusError,
  errorCatalogue,
  problemDocument,
  type ErrorCode,
} from '../../protocol/kernel/errors.ts'
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
  const known =
    error instanceof CaduceusError
      ? error
      : (ofSurroundings(error) ?? new CaduceusError('internal'))
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

/**
 * An error of the surroundings: a database that is away, busy or has a full disk, or a full disk
 * for uploads. It is not a defect of this program and not a mistake of the request, so the caller
 * may come again.
 */
function ofSurroundings(error: unknown): CaduceusError | null {
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown }
  if (name === 'PoolOverloadedError') return new CaduceusError('overloaded')
  if (typeof code === 'string' && noRoom.test(code))
    return new CaduceusError('unavailable', 'there is no room to store this at the moment')
  const away =
    (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|08|57P0|53300)/.test(code)) ||
    (typeof message === 'string' &&
      /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(
        message,
      ))
  return away ? new CaduceusError('unavailable') : null
}

/** PostgreSQL: disk full. Files: no space, or quota used up. */
const noRoom = /^(53100|ENOSPC|EDQUOT)$/
