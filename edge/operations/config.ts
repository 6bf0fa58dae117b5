/** Configuration of the metrics for other machines. */
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'

export interface OperationsConfig {
  /** Token that opens /metrics to a Prometheus on another machine; null: closed. */
  metricsToken: string | null
}

/** Reads METRICS_TOKEN. Throws ConfigError. */
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
