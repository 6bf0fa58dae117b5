/** The configuration of the deployment, for the rooms that read it. */
import type { KnownConfiguration } from '../../protocol/configuration/configuration.ts'

/** Parts with the present configuration. */
export interface WithConfiguration {
  readonly configuration: Pick<KnownConfiguration, 'values'>
}
