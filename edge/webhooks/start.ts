/** Starts the delivery worker of an edge, and writes to the owner of a disabled subscription. */
import type { WithMessenger } from '../messenger/messenger.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig, WithMetrics } from '../kernel/kernel.ts'
import type { WebhooksConfig } from './config.ts'
import type { WebhooksMetrics } from './metrics.ts'
import type { Message } from '../messenger/carrier.ts'
import type { Disabled } from './queue.ts'
import { startWebhookWorker, type WebhookWorker } from './worker.ts'

type WebhookEdge = Pick<Kernel, 'edgeId' | 'log' | 'database' | 'bus' | 'nowMs' | 'random'> &
  WithMessenger &
  WithConfig<KernelConfig & WebhooksConfig> &
  WithMetrics<WebhooksMetrics>

/** Starts the worker with the parts of this edge. */
export const startWebhooks = (
  ctx: WebhookEdge,
  after: (ms: number, run: () => void) => () => void,
): WebhookWorker =>
  startWebhookWorker({
    edgeId: ctx.edgeId,
    database: ctx.database,
    bus: ctx.bus,
    log: ctx.log,
    nowMs: ctx.nowMs,
    random: ctx.random,
    after,
    masterKey: ctx.config.jwtSecret,
    allowPrivate: ctx.config.webhookAllowPrivate,
    onAttempt: outcome => ctx.metrics.webhookAttempts.inc({ outcome }),
    async onDisabled(disabled) {
      const to = await addressOf(ctx, disabled)
      if (to !== null) ctx.messenger.post(disabledLetter(to, disabled))
    },
  })

/**
 * E-mail of the pharmacy whose orders these are, else of the account that subscribed or that made
 * the subscribing key.
 */
async function addressOf(
  { database: { kysely: db } }: Pick<WebhookEdge, 'database'>,
  { pharmacyId, ownerId }: Disabled,
): Promise<string | null> {
  if (pharmacyId !== null) {
    const pharmacy = await db
      .selectFrom('vendors')
      .select('email')
      .where('id', '=', pharmacyId)
      .executeTakeFirst()
    if (pharmacy !== undefined) return pharmacy.email
  }
  const owner = await db
    .selectFrom('users')
    .select('email')
    .where(eb =>
      eb.or([
        eb('id', '=', ownerId),
        eb('id', 'in', eb.selectFrom('api_keys').select('created_by').where('id', '=', ownerId)),
      ]),
    )
    .executeTakeFirst()
  return owner?.email ?? null
}

/** A letter without the path and query of the URL, which may be confidential. */
const disabledLetter = (to: string, { subscriptionId, url, reason }: Disabled): Message => ({
  channel: 'email',
  to,
  subject: 'A webhook of yours was disabled',
  text:
    `The webhook to ${new URL(url).host} (subscription ${subscriptionId}) was disabled: ${reason}.\n\n` +
    'Events from now on are not kept for it. When the receiver works again, set the subscription to active: what still waits is then sent in its order.\n',
})
