/** The settings of an engine that come from the environment, for every process that runs one. */
import type { Logger } from 'pino'
import { currencyVariable, flagVariable, type Environment } from '../protocol/kernel/environment.ts'
import { engineBounds } from './actors/bounds.ts'
import type { EngineDeps } from './engine.ts'
import { readServices } from '../protocol/bus/services.ts'

/** Throws ConfigError. */
export const engineSettings = (
  environment: Environment,
  log: Logger,
): Pick<EngineDeps, 'services' | 'bounds' | 'log'> & { currency: string } => ({
  services: readServices(environment),
  currency: currencyVariable(environment),
  // A load test opens more requests than a customer may.
  ...(flagVariable(environment, 'BENCH_ALLOWED') && {
    bounds: { ...engineBounds, openRequestsPerCustomerMax: Infinity },
  }),
  log: (level, message, detail) => log[level](detail === undefined ? {} : { err: detail }, message),
})
