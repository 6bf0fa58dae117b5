/**
 * Commands between actors that were given up, sent once more because somebody asked. They go to the
 * receiver's engine as they were stored and under their own ids, so a replay of what was done meanwhile
 * does nothing (invariant 3, and by state: ADR 18); and a row leaves only when its command is
 * answered well, so whoever replays may be cut off, be two, or try again.
 *
 * Rejected: an engine that reads the rows and tries by itself. It did, for ten seconds, and gave up:
 * what changed since is a release or a record, and who changed it knows when.
 */
import type { Kysely, Selectable } from 'kysely'
import type { ParkedCommandsTable, Tables } from '../../migrations/database/tables.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { PlannedBody } from '../../protocol/dispatch/commands.ts'
import { CaduceusError, type Problem } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { slotOf } from '../../protocol/kernel/slots.ts'

export type ParkedRow = Selectable<ParkedCommandsTable>
/** The receiver and what it knows the command by; rows that share both hold the same command. */
export interface ParkedKey {
  actor_id: string
  command_id: string
}

/** Null: done, and its row is gone. Otherwise why not, and the row stays. Throws what the database throws. */
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
      await bus.request(
        subjects.slotCommand(slotOf(actorId)),
        encodeBody(body),
        limits.commandTimeoutMs,
      ),
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

/** What was dropped. */
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
