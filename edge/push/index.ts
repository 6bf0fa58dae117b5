/** Push: the devices of persons, and the services that wake them while no page is open. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { AccountsConfig } from '../accounts/config.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { access } from './callers.ts'
import { readPushConfig, type PushConfig } from './config.ts'
import { deleteSignedOut } from './devices.ts'
import { deleteOldDeliveries } from './queue.ts'
import { examples } from './examples.ts'
import { pushMetrics } from './metrics.ts'
import { pushDeviceRoutes, PushDeviceView } from './routes.ts'
import { templateRoutes } from './template-routes.ts'
import { startOutbox } from './worker.ts'
import { createPush, type WithPush } from './service.ts'

export const push = feature<Kernel & WithMessenger & WithConfig<Pick<AccountsConfig, 'sms'>>>()({
  name: 'push',
  config: readPushConfig,
  metrics: pushMetrics,
  services: ({ config, nowMs, random, after }: Kernel & WithConfig<PushConfig>): WithPush => ({
    push: createPush(config, { nowMs, random, after }),
  }),
  routes: parts => [...pushDeviceRoutes(parts), ...templateRoutes()],
  start: startOutbox,
  jobs: {
    delete_signed_out: every(10, 'Deletes devices whose sign-in was ended', deleteSignedOut),
    delete_old: every(60, 'Deletes news that were sent or ended long ago', deleteOldDeliveries),
  },
  close({ push: { providers } }) {
    for (const provider of Object.values(providers)) provider?.close()
  },
  named: { PushDevice: PushDeviceView },
  access,
  examples,
  answers: 'edge/push/answers.json',
})
