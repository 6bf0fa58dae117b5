/**
 * Commands between actors that failed at their receiver and were given up:
 * `/api/admin/parked-commands`.
 */
import Type from 'typebox'
import { sql } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { dropParked, replayParked, type ParkedKey, type ParkedRow } from './parked.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, cursorRule, nullable, page, Timestamp } from '../kernel/shapes.ts'

const path = '/api/admin/parked-commands'
const tags = ['admin']
const auth = ['admin'] as const
const audit = { kind: 'parked_commands' }
const Key = Type.Object({
  actor_id: Uuid,
  command_id: Type.String({ minLength: 1, maxLength: 300 }),
})

const ParkedView = Type.Object({
  actor_kind: Type.String({ description: 'order or driver' }),
  actor_id: Uuid,
  command_id: Type.String(),
  verb: Type.String(),
  command: Type.Unknown({ description: 'The command as it is sent to the receiver' }),
  from_actor_id: Uuid,
  slot: Type.Integer(),
  seq: Type.Integer({ description: "Number of the event that caused it, in the sender's slot" }),
  detail: Type.String({ description: 'The reason why it was given up' }),
  tries: Type.Integer(),
  parked_at: Timestamp,
})
const view = ({
  kind,
  actor_id,
  command_id,
  command,
  from_actor_id,
  slot,
  seq,
  detail,
  tries,
  parked_at,
}: ParkedRow) => ({
  actor_kind: kind,
  actor_id,
  command_id,
  verb: (command as { verb?: unknown }).verb,
  command,
  from_actor_id,
  slot,
  seq,
  detail,
  tries,
  parked_at,
})
const notFound = () => new CaduceusError('not_found', 'no such command is parked')

/** The rows of `/api/admin/parked-commands`. */
export function parkedCommandRoutes({
  database: { kysely: db },
  bus,
}: Pick<Kernel, 'database' | 'bus'>): AnyRoute[] {
  /** In the order in which the commands were sent. */
  const inOrder = () =>
    db
      .selectFrom('parked_commands')
      .selectAll()
      .orderBy('slot')
      .orderBy('seq')
      .orderBy('command_id')
  const find = async ({ actor_id, command_id }: ParkedKey) =>
    await inOrder()
      .where('actor_id', '=', actor_id)
      .where('command_id', '=', command_id)
      .executeTakeFirst()

  return [
    route({
      method: 'GET',
      path,
      operationId: 'listParkedCommands',
      tags,
      auth,
      audit,
      summary:
        'Commands between orders and drivers that were given up, in the order of their slots',
      query: closedObject({
        ...page,
        cursor: Type.Optional(
          Type.String({
            pattern: '^\\d{1,4}\\.\\d{1,15}\\..{1,300}$',
            description: 'next_cursor of the page before',
            'x-rule': cursorRule,
          }),
        ),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({
            commands: Type.Array(ParkedView),
            next_cursor: nullable(Type.String()),
          }),
        },
      },
      handler: async ({ query: { limit = limits.listLimitDefault, cursor } }) => {
        let query = inOrder().limit(limit + 1)
        if (cursor !== undefined) {
          const [slot, seq, ...id] = cursor.split('.')
          query = query.where(
            sql<boolean>`(slot, seq, command_id) > (${slot}::smallint, ${seq}::bigint, ${id.join('.')})`,
          )
        }
        const rows = await query.execute()
        const shown = rows.slice(0, limit)
        const last = shown.at(-1)
        return {
          status: 200,
          body: {
            commands: shown.map(view),
            next_cursor:
              rows.length > limit ? `${last!.slot}.${last!.seq}.${last!.command_id}` : null,
          },
        }
      },
    }),
    route({
      method: 'POST',
      path: `${path}/replay`,
      operationId: 'replayParkedCommands',
      tags,
      auth,
      audit,
      summary: `Send the first ${limits.listLimitMax} parked commands again, each as its own replay does; ends early when no engine answers`,
      body: closedObject({}),
      responses: {
        200: {
          description: 'The number of commands that were done, and the commands that were not',
          schema: Type.Object({
            replayed: Type.Integer(),
            left: Type.Array(
              Type.Object({
                actor_id: Uuid,
                command_id: Type.String(),
                code: Type.String(),
                detail: Type.String(),
              }),
            ),
            parked: Type.Integer({ description: 'Number of parked commands now' }),
          }),
        },
      },
      handler: async () => {
        let replayed = 0
        const left: (ParkedKey & { code: string; detail: string })[] = []
        for (const row of await inOrder().limit(limits.listLimitMax).execute()) {
          const problem = await replayParked(db, bus, row)
          if (problem === null) {
            replayed++
            continue
          }
          left.push({
            actor_id: row.actor_id,
            command_id: row.command_id,
            code: problem.code,
            detail: problem.detail,
          })
          if (problem.code === 'unavailable') break
        }
        const { count } = await db
          .selectFrom('parked_commands')
          .select(eb => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow()
        return { status: 200, body: { replayed, left, parked: Number(count) } }
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:actor_id/:command_id/replay`,
      operationId: 'replayParkedCommand',
      tags,
      auth,
      audit,
      params: Key,
      summary:
        'Send the command again under its own id, so a command that was done meanwhile is not done twice. When the receiver refuses it, the refusal is the answer and the command stays parked',
      body: closedObject({}),
      responses: {
        200: { description: 'The command was done and is not parked any more', schema: ParkedView },
      },
      handler: async ({ params }) => {
        const row = await find(params)
        if (row === undefined) throw notFound()
        const problem = await replayParked(db, bus, row)
        if (problem !== null) throw new CaduceusError(problem.code, problem.detail)
        return { status: 200, body: view(row) }
      },
    }),
    route({
      method: 'DELETE',
      path: `${path}/:actor_id/:command_id`,
      operationId: 'dropParkedCommand',
      tags,
      auth,
      audit,
      params: Key,
      summary:
        'Delete the command for good, because its effect was made by hand or is not needed any more',
      responses: { 200: { description: 'The deleted command', schema: ParkedView } },
      handler: async ({ params, log }) => {
        const [dropped] = await dropParked(db, params)
        if (dropped === undefined) throw notFound()
        // The audit trail has the administrator and the time; only this line has the command.
        log.warn({ dropped }, 'parked command dropped')
        return { status: 200, body: view(dropped) }
      },
    }),
  ]
}
