/** Who may read the metrics from another machine. */
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'

export interface OperationsConfig {
  /** Opens /metrics to a Prometheus on another machine; null: to none. */
  metricsToken: string | null
}

/** METRICS_TOKEN. Throws ConfigError. */
export const readOperationsConfig = (environment: Environment): OperationsConfig => ({
  metricsToken: metricsToken(textVariable(environment, 'METRICS_TOKEN')),
})

function metricsToken(given: string | null): string | null {
  if (given !== null && !/^[\x21-\x7e]{16,200}$/.test(given))
    throw new ConfigError(
      'METRICS_TOKEN must be 16 to 200 visible ASCII characters; unset it where Prometheus runs on the same machine',
    )
  return given
}
