/** The callers that the operations of this feature answer. */
import { admins, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  listPushDevices: signedIn,
  registerPushDevice: signedIn,
  testPushDevice: ['customer'],
  forgetPushDevice: ['customer'],
  listNotificationTemplates: admins,
}
