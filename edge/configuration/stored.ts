/** The stored configuration: one row for each revision, and an edge that follows the newest. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { KnownConfiguration } from '../../protocol/configuration/configuration.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import type { Kernel } from '../kernel/kernel.ts'

/** The newest revision; undefined before anybody has changed anything. */
const newest = (db: Kysely<Tables>) =>
  db
    .selectFrom('configurations')
    .selectAll()
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst()

/** Parts with the whole port, which only this room changes. */
export interface WithKnown {
  readonly configuration: KnownConfiguration
}

/** Reads the newest revision into the port. */
export async function read({
  database: { kysely },
  configuration,
}: Pick<Kernel, 'database'> & WithKnown): Promise<void> {
  configuration.take((await newest(kysely)) ?? null)
}

/** Reads it again and again, as engines do. Returns the function that ends this. */
export function follow(
  parts: Pick<Kernel, 'database' | 'after' | 'log' | 'nowMs'> & WithKnown,
): () => void {
  const seldom = new Seldom((line, error) => parts.log.warn({ err: error }, line), parts.nowMs)
  let isOver = false
  let cancel = (): void => undefined
  const round = (): void => {
    cancel = parts.after(limits.pharmacyPollMs, () => {
      void read(parts)
        .catch((error: unknown) =>
          seldom.say('read', 'the configuration could not be read; the last one stays', error),
        )
        .then(() => {
          if (!isOver) round()
        })
    })
  }
  round()
  return () => {
    isOver = true
    cancel()
  }
}
