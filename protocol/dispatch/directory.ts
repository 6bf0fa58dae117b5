/**
 * The row of a pharmacy as engines keep it in memory, with all facts for choosing pharmacies and
 * for pricing.
 */
import Type from 'typebox'
import { CustodyAdditions } from '../custody/policies.ts'
import { dispatchPolicies } from '../drivers/policies.ts'
import { Uuid } from '../kernel/principal.ts'
import { Latitude, Longitude, nullable, oneOf, Text } from '../kernel/schema.ts'
import { OpeningHours } from '../pharmacies/opening-hours.ts'
import { pharmacyStatuses } from '../pharmacies/statuses.ts'
import type { Tariff } from '../pricing/tariff.ts'

const TariffTerms: Type.TUnsafe<Tariff> = Type.Unsafe<Tariff>(
  Type.Object({
    currency: Type.Optional(Type.String()),
    base_minor: Type.Integer(),
    minimum_minor: Type.Integer(),
    bands: Type.Array(
      Type.Object({ up_to_km: nullable(Type.Number()), per_km_minor: Type.Integer() }),
    ),
  }),
)
/** From the edge on `directory.vendor`, after it wrote the row. */
export const DirectoryPharmacy = Type.Object({
  vendor_id: Uuid,
  name: Text,
  phone: Text,
  address: nullable(Text),
  latitude: Latitude,
  longitude: Longitude,
  status: oneOf(pharmacyStatuses, { description: 'What an administrator decided' }),
  is_active: Type.Boolean({
    description:
      'Decided to be active, and not closed by the pharmacy itself: only then is it asked',
  }),
  revision: Type.Integer({
    description: 'Edits of the row so far: an older message does not undo a newer one',
  }),
  proof_required: Type.Boolean(),
  dispatch_policy: oneOf(dispatchPolicies),
  time_zone: Text,
  opening_hours: Type.Union([OpeningHours, Type.Null()], { description: 'Null: never closed' }),
  tariff: Type.Union([TariffTerms, Type.Null()], { description: 'Null: the default tariff' }),
  custody_additions: Type.Optional(
    Type.Union([CustodyAdditions, Type.Null()], {
      description: 'What it adds to the policies of custody; absent from an older edge',
    }),
  ),
})
export type DirectoryPharmacy = Type.Static<typeof DirectoryPharmacy>
