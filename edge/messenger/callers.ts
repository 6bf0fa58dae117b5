/** Who is answered by the operations of this feature. */
import { admins, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  readOutbox: admins,
}
