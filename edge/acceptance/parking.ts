/** Parks a command as an engine's outbox does when its receiver failed at it every time. */
import type { Kernel } from '../kernel/kernel.ts'

/** The row of a parked command. */
export interface Parking {
  fromActorId: string
  kind: 'order' | 'driver'
  actorId: string
  commandId: string
  command: { verb: string } & Record<string, unknown>
  seq?: number
}

/** Writes the command into the table of parked commands, after ten tries. */
export async function park(
  { database }: Pick<Kernel, 'database'>,
  { fromActorId, kind, actorId, commandId, command, seq = 1 }: Parking,
): Promise<void> {
  await database.pool.query(
    `insert into parked_commands (slot, seq, from_actor_id, kind, actor_id, command_id, command, detail, tries)
     values (1, $1, $2, $3, $4, $5, $6, 'the command could not be decided', 10)`,
    [seq, fromActorId, kind, actorId, commandId, JSON.stringify(command)],
  )
}
