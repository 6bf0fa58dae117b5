/** The table of the configuration as Kysely sees it. */
import type { Configuration } from '../../protocol/configuration/configuration.ts'
import type { JSONColumnType } from 'kysely'
import type { Time } from './columns.ts'

interface ConfigurationsTable {
  revision: number
  settings: JSONColumnType<Partial<Configuration>, string, never>
  /** Account of the administrator. */
  changed_by: string
  changed_at: Time
}

export interface ConfigurationTables {
  configurations: ConfigurationsTable
}
