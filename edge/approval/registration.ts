/**
 * Whether strangers work at once or after a decision: REGISTRATION. Open is for trying things out, and the default
 * only where nobody else can be meant: a database that is embedded in this process, and not in production.
 */
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'

export type Registration = 'open' | 'approval'

/** Written into the log at each start. */
export const openRegistrationWarning =
  'REGISTRATION=open: whoever registers as a pharmacy or a driver works at once and sees patients. ' +
  'Set REGISTRATION=approval before anybody is a real patient'

export interface RegistrationConfig {
  /** `open`: pharmacies and drivers work as soon as they register; `approval`: after a decision. */
  registration: Registration
}

/** REGISTRATION. Throws ConfigError for any other word. */
export const readRegistrationConfig = (
  environment: Environment,
  { role }: Pick<KernelConfig, 'role'>,
): RegistrationConfig => ({
  registration: readRegistration(name => textVariable(environment, name), role),
})

function readRegistration(
  text: (name: string) => string | null,
  role: 'embedded' | 'edge',
): Registration {
  const given = text('REGISTRATION')
  if (given === 'open' || given === 'approval') return given
  if (given !== null)
    throw new ConfigError(
      `REGISTRATION is "${given}"; it is open (whoever registers works at once) or approval (after a decision)`,
    )
  return role === 'embedded' && text('DATABASE_URL') === null && text('NODE_ENV') !== 'production'
    ? 'open'
    : 'approval'
}
