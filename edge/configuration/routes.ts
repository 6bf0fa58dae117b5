/**
 * `/api/admin/configuration`: the settings that administrators change while the house runs. A change
 * is a new revision; the earlier ones stay, so one sees who changed which setting when.
 */
import Type from 'typebox'
import {
  configurationBounds as bounds,
  configurationDefault,
  type Configuration,
} from '../../protocol/configuration/configuration.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { tariffIn } from '../../protocol/pricing/tariff.ts'
import { changed, etagOf, requireRevision } from '../http/preconditions.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Pricing, pricingOf, PricingView, tariffOf } from '../kernel/pricing-shapes.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { read, type WithKnown } from './stored.ts'

const path = '/api/admin/configuration'
const tags = ['admin']
const auth = ['admin'] as const
const audit = { kind: 'configuration' }
const changesShownMax = 50

const Radius = Type.Number({ minimum: bounds.radiusKm.min, maximum: bounds.radiusKm.max })
const settings = {
  radius_km_min: Radius,
  radius_km_max: Radius,
  offer_seconds: Type.Integer({
    minimum: bounds.offerSeconds.min,
    maximum: bounds.offerSeconds.max,
  }),
  takes_orders: Type.Boolean(),
  takes_registrations: Type.Boolean(),
}
const pricingNote = {
  description: 'The price at pharmacies that have set none; null: the one of the program',
}
const Settings = {
  pricing: Type.Union([PricingView, Type.Null()], pricingNote),
  ...settings,
}
const Change = Type.Object(
  {
    pricing: Type.Optional(Type.Union([Pricing, Type.Null()], pricingNote)),
    ...(Type.Partial(Type.Object(settings)).properties as {
      [Name in keyof typeof settings]: Type.TOptional<(typeof settings)[Name]>
    }),
  },
  { additionalProperties: false, minProperties: 1 },
)
export const ConfigurationView = Type.Object({
  revision: Type.Integer({ description: '0: nobody has changed anything' }),
  ...Settings,
  default_pricing: PricingView,
})
const ChangeView = Type.Object({
  revision: Type.Integer(),
  changed_by: Uuid,
  changed_at: Timestamp,
  ...Settings,
})

type ConfigurationContext = Pick<Kernel, 'config' | 'database' | 'nowMs'> & WithKnown

/** The rows of the configuration. */
export function configurationRoutes(ctx: ConfigurationContext): AnyRoute[] {
  const db = ctx.database.kysely
  const { currency } = ctx.config
  const shown = ({ tariff, ...rest }: Readonly<Configuration>) => ({
    pricing: tariff === null ? null : pricingOf(tariff),
    ...rest,
  })
  const answer = () => ({
    status: 200,
    headers: { etag: etagOf(ctx.configuration.revision) },
    body: {
      revision: ctx.configuration.revision,
      ...shown(ctx.configuration.values),
      default_pricing: pricingOf(tariffIn(currency, null)),
    },
  })

  return [
    route({
      method: 'GET',
      path,
      operationId: 'getConfiguration',
      summary: 'The settings that administrators change while the house runs',
      tags,
      auth,
      audit,
      responses: { 200: { description: 'The configuration', schema: ConfigurationView } },
      handler: async () => {
        await read(ctx)
        return answer()
      },
    }),
    route({
      method: 'PATCH',
      path,
      operationId: 'changeConfiguration',
      summary:
        'Change settings. Every engine and edge has them within about five seconds, without a restart',
      tags,
      auth,
      audit,
      versioned: true,
      body: Change,
      responses: { 200: { description: 'The configuration', schema: ConfigurationView } },
      handler: async ({ identity, body: { pricing, ...given }, headers }) => {
        await read(ctx)
        const { revision, values } = ctx.configuration
        requireRevision(headers, revision)
        const next: Configuration = {
          ...values,
          ...given,
          ...(pricing !== undefined && {
            tariff: pricing === null ? null : tariffOf(pricing, currency),
          }),
        }
        if (next.radius_km_min > next.radius_km_max)
          throw invalid([
            {
              field: given.radius_km_min === undefined ? 'radius_km_max' : 'radius_km_min',
              rule: `radius_km_min must be at most radius_km_max (${next.radius_km_max})`,
            },
          ])
        const { numInsertedOrUpdatedRows: inserted } = await db
          .insertInto('configurations')
          .values({
            revision: revision + 1,
            settings: JSON.stringify(next),
            changed_by: identity.userId,
            changed_at: new Date(ctx.nowMs()),
          })
          .onConflict(conflict => conflict.doNothing())
          .executeTakeFirstOrThrow()
        // Somebody else has made this revision meanwhile.
        if (inserted !== 1n) throw changed()
        await read(ctx)
        return answer()
      },
    }),
    route({
      method: 'GET',
      path: `${path}/changes`,
      operationId: 'listConfigurationChanges',
      summary: `The last ${changesShownMax} revisions of the configuration, newest first, with who made each`,
      tags,
      auth,
      audit,
      responses: {
        200: {
          description: 'The revisions',
          schema: Type.Object({ changes: Type.Array(ChangeView) }),
        },
      },
      handler: async () => {
        const rows = await db
          .selectFrom('configurations')
          .selectAll()
          .orderBy('revision', 'desc')
          .limit(changesShownMax)
          .execute()
        return {
          status: 200,
          body: {
            changes: rows.map(({ revision, changed_by, changed_at, settings: stored }) => ({
              revision,
              changed_by,
              changed_at,
              ...shown({ ...configurationDefault, ...stored }),
            })),
          },
        }
      },
    }),
  ]
}
