/** The services on the bus that hear of their pharmacies. */
import type { Environment } from '../../protocol/kernel/environment.ts'
import { readServices, type Services } from '../../protocol/bus/services.ts'

export interface FactsConfig {
  services: Services
}

/** Throws ConfigError. */
export const readFactsConfig = (environment: Environment): FactsConfig => ({
  services: readServices(environment),
})
