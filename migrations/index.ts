/**
 * All migrations, in order. A static list and not a folder that is read: the compiler checks it, a
 * stray file is not run, and it works from any bundle. A released migration is never edited.
 */
import type { Migration } from 'kysely'
import { spine } from './0001_spine.ts'

export const migrations: Record<string, Migration> = {
  '0001_spine': spine,
}
