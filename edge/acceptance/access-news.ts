/**
 * The requests of the access test for notifications, for the devices that are woken, and for the
 * custody of an order.
 */
import { custodyCalls } from './access-custody.ts'
import { exampleKeys } from '../push/examples.ts'

type Ids = Readonly<Record<string, string>>
interface NewsRule {
  of(ids: Ids): { params?: Record<string, string>; body?: unknown }
  last?: boolean
}

const device = (ids: Ids) => ({ params: { id: ids['pushDevice']! } })

/** By operationId. */
export const newsCalls: Readonly<Record<string, NewsRule>> = {
  ...custodyCalls,
  exportCustody: { of: ids => ({ params: { id: ids['inCustody']! } }) },
  markNotificationsRead: { of: ids => ({ body: { ids: [ids['notification']!] } }) },
  setNotificationPreferences: {
    of: () => ({ body: { settings: { digest: 'none' } } }),
  },
  registerPushDevice: {
    of: () => ({
      body: { kind: 'web', endpoint: 'https://127.0.0.1:9/push/2', keys: exampleKeys },
    }),
  },
  testPushDevice: { of: device },
  forgetPushDevice: { last: true, of: device },
}
