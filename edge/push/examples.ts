/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

/** The keys of the browser in RFC 8291. */
export const exampleKeys = {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
} as const

export const examples: Readonly<Record<string, Example>> = {
  registerPushDevice: {
    as: 'customer',
    body: {
      kind: 'web',
      endpoint: 'https://updates.push.services.mozilla.com/wpush/v2/gAAAAABp-of-this-example-only',
      keys: exampleKeys,
      locale: 'de-AT',
      app: 'Firefox on my laptop',
    },
    status: 201,
  },
  listPushDevices: { as: 'customer', status: 200 },
  testPushDevice: { as: 'customer', params: { id: of.pushDevice }, status: 200 },
  listNotificationTemplates: { as: 'admin', query: { language: 'de' }, status: 200 },
  forgetPushDevice: { as: 'customer', params: { id: of.pushDevice }, status: 204 },
}
