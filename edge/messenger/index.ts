/** Mails and SMS: their carriers, and the outbox of a development server. */
import { createMessenger } from './messenger.ts'
import { feature } from '../kernel/feature.ts'
import { outboxRoutes } from './routes.ts'
import { access } from './callers.ts'
import { readMessengerConfig } from './config.ts'
import { examples } from './examples.ts'
import { messengerMetrics } from './metrics.ts'

export const messenger = feature()({
  name: 'messenger',
  config: readMessengerConfig,
  metrics: messengerMetrics,
  services: ({ config, log, metrics, nowMs, random, after }) => ({
    messenger: createMessenger({
      delivery: config.delivery,
      log,
      metrics,
      nowMs,
      random,
      after,
    }),
  }),
  routes: outboxRoutes,
  drain: ({ messenger }) => messenger.drain(),
  close: ({ messenger }) => messenger.close(),
  access,
  examples,
  answers: 'edge/messenger/answers.json',
})
