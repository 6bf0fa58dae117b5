/** Turns the wire's data into a command of a driver. */
import type { DriverCommandData, DriverVerb } from '../../protocol/dispatch/commands.ts'
import type { Envelope } from '../actors/kind.ts'
import type { DriverCommand } from './commands.ts'

/** The data fits the schema of its verb. `currency`: the currency of a new driver's earnings. */
export function planDriver(envelope: Envelope, currency: string): DriverCommand {
  const verb = envelope.verb as DriverVerb
  const { by } = envelope
  switch (verb) {
    case 'register':
      return {
        verb,
        by,
        driverId: envelope.actor_id,
        currency,
        data: envelope.data as DriverCommandData['register'],
      }
    case 'update':
      return { verb, by, data: envelope.data as DriverCommandData['update'] }
    case 'set_status':
      return { verb, by, data: envelope.data as DriverCommandData['set_status'] }
    default:
      return { verb, by }
  }
}
