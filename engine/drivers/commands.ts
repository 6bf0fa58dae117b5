/**
 * The commands of a driver, as `decide` takes them: six come from outside, the others from orders
 * and from the engine itself.
 */
import type { DriverCommandData } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Scoped } from '../actors/decision-scope.ts'
import type { InternalDriverCommand } from '../saga/commands.ts'

export type DriverCommand = Scoped &
  (
    | {
        verb: 'register'
        by: Principal
        driverId: string
        currency: string
        data: DriverCommandData['register']
      }
    | { verb: 'set_status'; by: Principal; data: DriverCommandData['set_status'] }
    | { verb: 'approve_membership'; by: Principal }
    | { verb: 'end_membership'; by: Principal }
    | { verb: 'ask_membership'; by: Principal }
    | { verb: 'update'; by: Principal; data: DriverCommandData['update'] }
    | InternalDriverCommand
  )
