/**
 * Settings of a pharmacy beyond its name and place: opening hours, the price of a delivery, the
 * promised delivery time. Shapes of the API and the columns that they become; money is decimal in
 * the API and minor units in the row.
 */
import type { Selectable, Updateable } from 'kysely'
import Type from 'typebox'
import type { VendorsTable } from '../../migrations/database/tables.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { isTimeZone, openAt, OpeningHours } from '../../protocol/pharmacies/opening-hours.ts'
import { tariffIn, type Tariff } from '../../protocol/pricing/tariff.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Pricing, pricingOf, PricingView, tariffOf } from '../kernel/pricing-shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { nullable, Text } from '../kernel/shapes.ts'

const TimeZone = Type.String({ maxLength: 64, description: 'IANA name, such as Asia/Kolkata' })
const Website = Type.String({
  pattern: '^https?://[^\\s]+$',
  'x-rule': 'must be an address that begins with http:// or https://',
  maxLength: limits.urlCharactersMax,
})
/** The requirements of this country apply. */
export const Country = Type.String({
  pattern: '^[A-Z]{2}$',
  description: 'Two letters of ISO 3166-1, such as NP',
  'x-rule': "must be a country's two letters such as NP",
})
const PromiseMinutes = Type.Integer({ minimum: 1, maximum: 24 * 60 })

/** Fields of the bodies that register or change a pharmacy. */
export const settingsBody = {
  description: Type.Optional(nullable(Text)),
  website: Type.Optional(nullable(Website)),
  time_zone: Type.Optional(TimeZone),
  opening_hours: Type.Optional(nullable(OpeningHours)),
  pricing: Type.Optional(nullable(Pricing)),
  delivery_promise_minutes: Type.Optional(PromiseMinutes),
}
export type SettingsBody = Type.Static<Type.TObject<typeof settingsBody>>

/** Fields of every view of a pharmacy. */
export const settingsView = {
  description: nullable(Type.String()),
  website: nullable(Type.String()),
  time_zone: Type.String(),
  opening_hours: nullable(OpeningHours),
  is_open: Type.Boolean(),
  pricing: PricingView,
  delivery_promise_minutes: Type.Integer(),
}

/**
 * The settings of a row in the shape of `settingsView`. `currency`: that of the deployment.
 * `fallback`: the tariff of pharmacies that have set none; null: the one of the program.
 */
export const settingsOf = (
  row: Selectable<VendorsTable>,
  { currency, fallback, nowMs }: { currency: string; fallback: Tariff | null; nowMs: number },
) => ({
  description: row.description,
  website: row.website,
  time_zone: row.time_zone,
  opening_hours: row.opening_hours,
  is_open: openAt(row.opening_hours, row.time_zone, nowMs),
  pricing: pricingOf(tariffIn(currency, row.tariff, fallback)),
  delivery_promise_minutes: row.delivery_promise_minutes,
})

type Columns = Pick<
  Updateable<VendorsTable>,
  'description' | 'website' | 'time_zone' | 'opening_hours' | 'tariff' | 'delivery_promise_minutes'
>

/**
 * The settings of a body as columns; other fields are ignored. Throws `invalid_request` for bands
 * with a gap, fractions of a minor unit, or an unknown time zone.
 */
export async function settingsColumns(
  ctx: Pick<Kernel, 'config' | 'database'>,
  {
    description,
    website,
    time_zone,
    delivery_promise_minutes,
    opening_hours,
    pricing,
  }: SettingsBody,
): Promise<Columns> {
  if (time_zone !== undefined) await requireTimeZone(ctx, time_zone)
  return {
    ...(description !== undefined && { description }),
    ...(website !== undefined && { website }),
    ...(time_zone !== undefined && { time_zone }),
    ...(delivery_promise_minutes !== undefined && { delivery_promise_minutes }),
    ...(opening_hours !== undefined && {
      opening_hours: opening_hours === null ? null : JSON.stringify(opening_hours),
    }),
    ...(pricing !== undefined && {
      tariff: pricing === null ? null : JSON.stringify(tariffOf(pricing, ctx.config.currency)),
    }),
  }
}

/**
 * The time zone must be known to this process, for opening hours, and to the database, for the days
 * of reports.
 */
async function requireTimeZone(ctx: Pick<Kernel, 'database'>, name: string): Promise<void> {
  const unknown = () =>
    invalid([{ field: 'time_zone', rule: 'must be an IANA time zone such as Asia/Kolkata' }])
  if (!isTimeZone(name)) throw unknown()
  await ctx.database.pool.query('select now() at time zone $1', [name]).catch((error: unknown) => {
    throw (error as { code?: unknown }).code === '22023' ? unknown() : error
  })
}
