/**
 * Replays commands between actors that were given up, when an administrator asks. They go to the
 * receiver's engine as they were stored, under their own ids, so a replay of a command that was
 * done meanwhile has no effect (invariant 3, and by state: ADR 18). A row is deleted only after a
 * successful answer, so a replay may be cut off, run twice, or be repeated.
 *
 * Rejected: an engine that reads the rows and tries by itself. It did so for ten seconds and gave
 * up. A later success needs a new release or a changed record, and the person who changed it knows
 * when.
 */
import type { Kysely, Selectable } from 'kysely'
import type { ParkedCommandsTable, Tables } from '../../migrations/database/tables.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { PlannedBody } from '../../protocol/dispatch/commands.ts'
import { CaduceusError, type Problem } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { ownerSubject } from '../../protocol/bus/subjects.ts'

export type ParkedRow = Selectable<ParkedCommandsTable>
/** The receiver and the command's id there; rows with the same two hold the same command. */
export interface ParkedKey {
  actor_id: string
  command_id: string
}

/**
 * Null when the command was done and its row deleted; otherwise the reason, and the row stays.
 * Throws errors of the database.
 */
export async function replayParked(
  db: Kysely<Tables>,
  bus: Pick<Bus, 'request'>,
  row: ParkedRow,
): Promise<Problem | null> {
  const { kind, actor_id: actorId, command_id: id, command } = row
  const body = {
    planned: { kind, actorId, id, command },
    withState: false,
  } satisfies PlannedBody<unknown>
  let answer: { ok: true } | ({ ok: false } & (Problem | { problem: Problem }))
  try {
    answer = decodeBody(
      await bus.request(ownerSubject(actorId), encodeBody(body), limits.commandTimeoutMs),
    ) as typeof answer
  } catch (error) {
    if (error instanceof CaduceusError) return error.toProblem()
    throw error
  }
  if (answer.ok) {
    await dropParked(db, row)
    return null
  }
  const { code, detail } = 'problem' in answer ? answer.problem : answer
  return code === 'moved'
    ? { code: 'unavailable', detail: 'the actor moves to another engine; try again' }
    : { code, detail }
}

/** Deletes the parked command; returns it, or an empty list when there is none. */
export async function dropParked(
  db: Kysely<Tables>,
  { actor_id, command_id }: ParkedKey,
): Promise<ParkedRow[]> {
  return await db
    .deleteFrom('parked_commands')
    .where('actor_id', '=', actor_id)
    .where('command_id', '=', command_id)
    .returningAll()
    .execute()
}
