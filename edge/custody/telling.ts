/** Hands the newest checkpoint to each witness, and keeps the cosignatures with the checkpoint. */
import { consistencyPlan, makeProofs } from '../../protocol/custody-log/tree.ts'
import type { JobFigures } from '../kernel/job.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { CustodyConfig } from './config.ts'
import { nodesIn } from './log-tables.ts'
import type { News } from './witnesses.ts'

export type TellingParts = Pick<Kernel, 'database' | 'nowMs' | 'log'> & WithConfig<CustodyConfig>

/**
 * Tells every witness that has not heard the newest checkpoint. A witness that does not answer
 * keeps no other one waiting; the run fails at its end, so that it is tried again.
 */
export async function tellWitnesses({
  database: { kysely: db },
  config: { custodySigner: signer, custodyWitnesses },
  nowMs,
  log,
}: TellingParts): Promise<JobFigures> {
  if (signer === null || custodyWitnesses.length === 0) return { told: 0 }
  const newest = await db
    .selectFrom('custody_checkpoints')
    .select(['size', 'note'])
    .where('log_key', '=', signer.key)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (newest === undefined) return { told: 0 }
  const news: News = {
    logKey: signer.key,
    ...newest,
    consistencyFrom: async size =>
      (await makeProofs([consistencyPlan(size, newest.size)], nodesIn(db)))[0]!,
  }
  let told = 0
  const failed: string[] = []
  for (const witness of custodyWitnesses) {
    const last = await db
      .selectFrom('custody_witnesses')
      .select('size')
      .where('witness', '=', witness.name)
      .where('log_key', '=', signer.key)
      .executeTakeFirst()
    if (last?.size === newest.size) continue
    try {
      const lines = await witness.tell(news, last?.size ?? 0)
      await db.transaction().execute(async tx => {
        await tx
          .insertInto('custody_witnesses')
          .values({
            witness: witness.name,
            log_key: signer.key,
            size: newest.size,
            told_at: new Date(nowMs()),
          })
          .onConflict(c =>
            c.columns(['witness', 'log_key']).doUpdateSet(eb => ({
              size: eb.ref('excluded.size'),
              told_at: eb.ref('excluded.told_at'),
            })),
          )
          .execute()
        if (lines !== '')
          await tx
            .updateTable('custody_checkpoints')
            .set(eb => ({ note: eb(eb.ref('note'), '||', lines) }))
            .where('log_key', '=', signer.key)
            .where('size', '=', newest.size)
            .execute()
      })
      told += 1
    } catch (error) {
      failed.push(witness.shortName)
      log.warn({ err: error, witness: witness.shortName }, 'custody: a witness was not reached')
    }
  }
  if (failed.length > 0) throw new Error(`no checkpoint was told to ${failed.join(', ')}`)
  return { told }
}
