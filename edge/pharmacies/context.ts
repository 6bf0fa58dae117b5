/** The parts that the rows of pharmacies need. */
import type { AccountsConfig } from '../accounts/config.ts'
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import type { RegistrationConfig } from '../approval/registration.ts'
import type { WithConfiguration } from '../configuration/port.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { WithStandings } from '../kernel/standing.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { TrackingConfig } from '../tracking/config.ts'

export type PharmacyContext = Pick<Kernel, 'database' | 'bus' | 'log' | 'nowMs' | 'random'> &
  WithConfiguration &
  WithEndedAccess &
  WithMessenger &
  WithStandings &
  WithConfig<KernelConfig & AccountsConfig & RegistrationConfig & TrackingConfig>
