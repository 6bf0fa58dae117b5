/**
 * REGISTRATION: whether strangers work at once or after a decision. `open` is for trying things
 * out. It is the default only with an embedded database outside production, where no real patients
 * are expected.
 */
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'

export type Registration = 'open' | 'approval'

/** Logged at each start. */
export const openRegistrationWarning =
  'REGISTRATION=open: whoever registers as a pharmacy or a driver works at once and sees patients. ' +
  'Set REGISTRATION=approval before anybody is a real patient'

export interface RegistrationConfig {
  /** `open`: pharmacies and drivers work as soon as they register; `approval`: after a decision. */
  registration: Registration
}

/** Reads REGISTRATION. Throws ConfigError for any other word. */
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
