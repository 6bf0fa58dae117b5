/**
 * `Idempotency-Key`: a repeat of a request that changes something gets the first answer. The row
 * fixes the command id and the id of the new record before anything happens. So a repeat that
 * overtakes its original, or comes after this process died half way, reaches the same actor with
 * the same command, and the actor answers once. Rejected: a lock on the key, which a crash would
 * leave held.
 */
import { createHash } from 'node:crypto'
import { CaduceusError, errorCatalogue, type Problem } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Identity } from '../kernel/identity.ts'
import type { FilePart, RouteAnswer, RouteRequest } from '../kernel/route.ts'
import { invalid } from '../kernel/validate.ts'
import type { SigningContext } from '../links/links.ts'
import { kept, madeAnew, orderFor, type OrderAnew } from './kept-answer.ts'

export type IdempotencyContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> & SigningContext
export interface FixedIds {
  commandId: string
  /** Id of the record that the request creates, if it creates one. */
  targetId: string
}
interface IdempotentRequest {
  log: RouteRequest['log']
  identity: Identity
  headers: Readonly<Record<string, string>>
  params: unknown
  query: unknown
  body: unknown
  parts: FilePart[]
}
/** The stored answer, or the refusal that a repeat gets again. */
type Remembered = { answer: Omit<RouteAnswer, 'status'> } | { problem: Problem }

/**
 * Runs `work` once for each key. `route` names the operation; the same key on another operation is
 * a mistake of the caller. `orderAnew` reads an order of the first answer for a repeat. Only a hash
 * of the caller's input is kept, so a row that repeats that input in its answer adds it outside.
 */
export async function once(
  ctx: IdempotencyContext,
  request: IdempotentRequest,
  route: string,
  work: (ids: FixedIds) => Promise<RouteAnswer>,
  orderAnew: OrderAnew = orderFor(ctx, request.identity),
): Promise<RouteAnswer> {
  const newId = () => uuidV7(ctx.nowMs(), ctx.random)
  // The draft of the header has quotes; most clients send the key without them and mean the same.
  const key = request.headers['idempotency-key']?.trim().replace(/^"([^"]*)"$/, '$1')
  if (key === undefined) return work({ commandId: newId(), targetId: newId() })
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > limits.idempotencyKeyCharactersMax)
    throw invalid([
      {
        field: 'Idempotency-Key',
        rule: `must be 1 to ${limits.idempotencyKeyCharactersMax} visible ASCII characters`,
      },
    ])

  const accountId = request.identity.userId
  const fresh = {
    account_id: accountId,
    key,
    route,
    request_hash: hashOf(request),
    command_id: newId(),
    target_id: newId(),
  }
  const db = ctx.database.kysely
  const inserted = await db
    .insertInto('idempotency_keys')
    .values(fresh)
    .onConflict(c => c.doNothing())
    .returning('key')
    .executeTakeFirst()
  const row =
    inserted !== undefined
      ? { ...fresh, status: null, response: null }
      : await db
          .selectFrom('idempotency_keys')
          .selectAll()
          .where('account_id', '=', accountId)
          .where('key', '=', key)
          .executeTakeFirstOrThrow()
  if (row.route !== fresh.route || row.request_hash !== fresh.request_hash)
    throw new CaduceusError(
      'idempotency_key_reused',
      'this Idempotency-Key was sent before with another request; use a new one',
    )
  if (row.status !== null && row.response !== null) {
    const answer = await replay(row.status, row.response as Remembered, orderAnew)
    // Without its order the answer cannot be made again; the actor then answers the same command.
    if (answer !== null) return answer
  }

  const remember = async (status: number, remembered: Remembered) => {
    await db
      .updateTable('idempotency_keys')
      .set({ status, response: JSON.stringify(remembered) })
      .where('account_id', '=', accountId)
      .where('key', '=', key)
      .where('status', 'is', null)
      .execute()
      // The work is done and journaled, and a repeat finds it there even without this row.
      .catch((error: unknown) =>
        request.log.warn({ err: error }, 'an idempotency row could not be completed'),
      )
  }
  try {
    const answer = await work({ commandId: row.command_id, targetId: row.target_id! })
    await remember(answer.status, { answer: kept(answer) })
    return answer
  } catch (error) {
    if (error instanceof CaduceusError && !errorCatalogue[error.code].retryable)
      await remember(errorCatalogue[error.code].http, { problem: error.toProblem() })
    throw error
  }
}

/**
 * Adds to the body of an answer the parts that are not stored for a repeat: the caller's input, and
 * values that are read each time.
 */
export const withBody = <B>(answer: RouteAnswer, change: (body: B) => object): RouteAnswer => ({
  ...answer,
  body: change(answer.body as B),
})

async function replay(
  status: number,
  remembered: Remembered,
  orderAnew: OrderAnew,
): Promise<RouteAnswer | null> {
  if ('problem' in remembered)
    throw new CaduceusError(
      remembered.problem.code,
      remembered.problem.detail,
      remembered.problem.fields,
      undefined,
      remembered.problem.more,
    )
  const answer = await madeAnew(remembered.answer, orderAnew)
  if (answer === null) return null
  const { body, headers } = answer
  return { status, body, headers: { ...headers, 'idempotency-replayed': 'true' } }
}

function hashOf({ params, query, body, parts }: IdempotentRequest): string {
  const hash = createHash('sha256').update(JSON.stringify([params, query, body ?? null]))
  for (const part of parts)
    hash.update(part.name).update(createHash('sha256').update(part.data).digest())
  return hash.digest('base64url')
}
