/**
 * Tells calendars the new terms of their services. The message may be lost: each booking brings the
 * terms too, so a calendar that missed it learns them with the next booking. It is sent at once
 * because customers may wait for a seat that the change makes free.
 */
import type { Logger } from 'pino'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { termsOf } from './records.ts'
import type { ServiceRow } from './views.ts'

export type DescribingContext = Pick<Kernel, 'commands' | 'database' | 'nowMs' | 'random'>

/** Never rejects. */
export async function describeServices(
  ctx: DescribingContext,
  by: Principal,
  rows: readonly ServiceRow[],
  log: Logger,
): Promise<void> {
  for (const row of rows)
    try {
      const terms = await termsOf(ctx.database.kysely, row, ctx.nowMs())
      await ctx.commands.send({
        actor: 'appointment',
        id: uuidV7(ctx.nowMs(), ctx.random),
        actor_id: row.id,
        verb: 'describe',
        by,
        data: { vendor_id: row.vendor_id, terms },
      })
    } catch (error) {
      log.warn(
        { err: error, service_id: row.id },
        'a calendar could not be told its new terms; the next booking tells it',
      )
      return
    }
}
