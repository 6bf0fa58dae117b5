/**
 * The devices of the caller: `/api/push-devices`. No answer shows the address or the keys of a
 * device, because whoever knows them can address it.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { languageOf, testTexts } from '../../protocol/notifications/texts.ts'
import { roles } from '../kernel/identity.ts'
import type { Kernel, WithConfig, WithMetrics } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import type { PushConfig } from './config.ts'
import { devicesOf, forget, note, register, type DeviceRow } from './devices.ts'
import { pushLimits } from './limits.ts'
import type { PushMetrics } from './metrics.ts'
import { pushKinds, type PushKind, type PushTarget } from './provider.ts'
import type { WithPush } from './service.ts'
import { checkEndpoint } from './endpoints.ts'
import { areKeys } from './encrypt.ts'

type PushContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> &
  WithConfig<PushConfig> &
  WithMetrics<PushMetrics> &
  WithPush

const tags = ['notifications']
const DeviceId = Type.Object({ id: Uuid })
const testLifeMs = 60_000

export const PushDeviceView = Type.Object({
  id: Uuid,
  kind: Type.Enum([...pushKinds]),
  service: Type.String({ description: 'The host of the push service' }),
  locale: nullable(Type.String()),
  app: nullable(Type.String()),
  created_at: Timestamp,
  last_ok_at: nullable(Timestamp),
  failures: Type.Integer({ minimum: 0, description: 'Since the last success' }),
  last_failure: nullable(Type.String({ description: 'The answer of the push service' })),
  last_failure_at: nullable(Timestamp),
})

const hosts = { fcm: 'fcm.googleapis.com', apns: 'api.push.apple.com' } as const
const view = (row: DeviceRow) => ({
  id: row.id,
  kind: row.kind as PushKind,
  service: row.kind === 'web' ? new URL(row.endpoint).host : hosts[row.kind as 'fcm' | 'apns'],
  locale: row.locale,
  app: row.app,
  created_at: row.created_at,
  last_ok_at: row.last_ok_at,
  failures: row.failures,
  last_failure: row.last_failure,
  last_failure_at: row.last_failure_at,
})

const Registered = closedObject({
  kind: Type.Enum([...pushKinds]),
  endpoint: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: limits.urlCharactersMax,
      description: 'For `web`: the address of the subscription',
    }),
  ),
  keys: Type.Optional(
    closedObject({
      p256dh: Type.String({ maxLength: 100 }),
      auth: Type.String({ maxLength: 40 }),
    }),
  ),
  expirationTime: Type.Optional(
    Type.Union([Type.Number(), Type.Null()], {
      description: 'As a browser writes it; it is not used',
    }),
  ),
  token: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: pushLimits.tokenCharactersMax,
      pattern: '^[!-~]+$',
      'x-rule': 'must be visible ASCII characters without spaces',
      description: 'For `fcm` and `apns`: the token that the service gave to the app',
    }),
  ),
  locale: Type.Optional(
    Type.String({
      maxLength: pushLimits.localeCharactersMax,
      pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
      'x-rule': 'must be a language such as de or de-AT',
      description: 'Language of the messages, such as `de-AT`; otherwise `Accept-Language` decides',
    }),
  ),
  app: Type.Optional(Type.String({ minLength: 1, maxLength: pushLimits.appCharactersMax })),
})

/** The address of a registration. Throws `invalid_request`. */
function targetOf(
  { kind, endpoint, keys, token }: Type.Static<typeof Registered>,
  { endpoints }: PushConfig,
): PushTarget {
  const refuse = (field: string, rule: string) => invalid([{ field, rule }])
  if (kind === 'web') {
    if (endpoint === undefined) throw refuse('endpoint', 'is missing')
    if (token !== undefined) throw refuse('token', 'is not for web')
    if (keys === undefined || !areKeys(keys))
      throw refuse('keys', 'are not those of a subscription, p256dh and auth in base64url')
    return { endpoint: checkEndpoint(endpoint, endpoints), p256dh: keys.p256dh, auth: keys.auth }
  }
  if (token === undefined) throw refuse('token', 'is missing')
  if (endpoint !== undefined) throw refuse('endpoint', `is not for ${kind}`)
  if (keys !== undefined) throw refuse('keys', `are not for ${kind}`)
  return { endpoint: token, p256dh: null, auth: null }
}

/** The rows of `/api/push-devices`. */
export function pushDeviceRoutes(ctx: PushContext): AnyRoute[] {
  const db = ctx.database.kysely
  const { providers, vapidPublicKey } = ctx.push
  const known = pushKinds.filter(kind => providers[kind] !== null)
  return [
    route({
      method: 'GET',
      path: '/api/push-devices',
      operationId: 'listPushDevices',
      summary:
        'The devices of the caller that are woken, and the key with which a browser subscribes',
      tags,
      auth: roles,
      standing: 'any',
      responses: {
        200: {
          description: 'All of them, newest first',
          schema: Type.Object({
            devices: Type.Array(PushDeviceView),
            kinds: Type.Array(Type.Enum([...pushKinds]), {
              description: 'The kinds that this server can wake',
            }),
            vapid_public_key: nullable(
              Type.String({ description: 'The `applicationServerKey` of a subscription' }),
            ),
          }),
        },
      },
      handler: async ({ identity }) => ({
        status: 200,
        body: {
          devices: (await devicesOf(db, identity.userId)).map(view),
          kinds: known,
          vapid_public_key: vapidPublicKey,
        },
      }),
    }),
    route({
      method: 'POST',
      path: '/api/push-devices',
      operationId: 'registerPushDevice',
      summary:
        'Let this device be woken: the subscription of a browser, or the token of an app. A repeat changes the device',
      tags,
      auth: roles,
      standing: 'any',
      audit: { kind: 'push_device', id: body => (body as { id?: unknown }).id },
      headerParameters: {
        'Accept-Language': { required: false, description: 'Used without `locale`' },
      },
      body: Registered,
      responses: { 201: { description: 'The device', schema: PushDeviceView } },
      errors: ['delivery_unconfigured'],
      handler: async ({ identity, body, headers }) => {
        const target = targetOf(body, ctx.config)
        if (providers[body.kind] === null)
          throw new CaduceusError(
            'delivery_unconfigured',
            `this server wakes no devices of the kind ${body.kind}`,
          )
        const row = await register(ctx, {
          accountId: identity.userId,
          familyId: identity.sessionId ?? null,
          kind: body.kind,
          ...target,
          locale: body.locale ?? languageOf(headers['accept-language']),
          app: body.app ?? null,
        })
        return { status: 201, body: view(row) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/push-devices/:id',
      operationId: 'forgetPushDevice',
      summary: 'Wake this device no more',
      tags,
      auth: roles,
      standing: 'any',
      params: DeviceId,
      responses: { 204: { description: 'It is forgotten' } },
      errors: ['not_found'],
      handler: async ({ identity, params }) => {
        if (!(await forget(db, identity.userId, params.id)))
          throw new CaduceusError('not_found', 'no such device')
        return { status: 204 }
      },
    }),
    route({
      method: 'POST',
      path: '/api/push-devices/:id/test',
      operationId: 'testPushDevice',
      summary: 'Send a message to this device and show the answer of its push service',
      tags,
      auth: roles,
      standing: 'any',
      audit: false,
      params: DeviceId,
      responses: {
        200: {
          description: 'The answer of the push service',
          schema: Type.Object({
            outcome: Type.Enum(['accepted', 'gone', 'refused', 'later'], {
              description:
                '`gone`: the device was forgotten. `refused`: the mistake is on this side. `later`: it may work again',
            }),
            answer: Type.String(),
          }),
        },
      },
      errors: ['not_found', 'delivery_unconfigured'],
      handler: async ({ identity, params }) => {
        const row = (await devicesOf(db, identity.userId)).find(({ id }) => id === params.id)
        if (row === undefined) throw new CaduceusError('not_found', 'no such device')
        const kind = row.kind as PushKind
        const provider = providers[kind]
        if (provider === null)
          throw new CaduceusError(
            'delivery_unconfigured',
            `this server wakes no devices of the kind ${kind}`,
          )
        const sentAtMs = ctx.nowMs()
        const verdict = await provider.send(
          row,
          {
            text: testTexts[languageOf(row.locale ?? undefined)],
            data: { kind: 'test' },
            topic: 'test',
            urgent: true,
            expiresAtMs: sentAtMs + testLifeMs,
          },
          AbortSignal.timeout(pushLimits.timeoutMs),
        )
        const { outcome, answer } = verdict
        ctx.metrics.pushAnswers.inc({ service: kind, outcome, answer })
        await note(db, row.id, verdict, sentAtMs, ctx.nowMs())
        return { status: 200, body: { outcome, answer } }
      },
    }),
  ]
}
