/** The callers that the operations of this feature answer. */
import { admins, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  getConfiguration: admins,
  changeConfiguration: admins,
  listConfigurationChanges: admins,
}
