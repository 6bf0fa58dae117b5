/** Changes the record of a pharmacy, by the pharmacy itself or an administrator. */
import type { Selectable } from 'kysely'
import Type from 'typebox'
import type { VendorsTable } from '../../migrations/database/tables.ts'
import { dispatchPolicies } from '../../protocol/drivers/policies.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { tellAdministratorsSoon } from '../approval/applicants.ts'
import { placeColumns } from '../approval/moving.ts'
import { requireRevision } from '../http/preconditions.ts'
import { announcePharmacy } from '../kernel/announce-pharmacy.ts'
import type { Identity } from '../kernel/identity.ts'
import { requireRole } from '../kernel/member-rights.ts'
import type { RouteRequest } from '../kernel/route.ts'
import { closedObject, nullable, PersonName, Phone, Text } from '../kernel/shapes.ts'
import type { PharmacyContext } from './context.ts'
import { Country, settingsBody, settingsColumns } from './settings.ts'

export const ChangeBody = closedObject({
  business_name: Type.Optional(PersonName),
  phone: Type.Optional(Phone),
  address: Type.Optional(nullable(Text)),
  country: Type.Optional(Country),
  latitude: Type.Optional(Latitude),
  longitude: Type.Optional(Longitude),
  is_active: Type.Optional(Type.Boolean()),
  proof_required: Type.Optional(Type.Boolean()),
  verify_prescriptions: Type.Optional(
    Type.Boolean({
      description:
        'True: no parcel with a prescription is picked up before a pharmacist verified it',
    }),
  ),
  dispatch_policy: Type.Optional(Type.Enum(dispatchPolicies)),
  ...settingsBody,
})

/** Is it the caller's own pharmacy, or is the caller an administrator? */
export const isOwn = (identity: Identity, pharmacyId: string): boolean =>
  identity.role === 'admin' || (identity.role === 'vendor' && identity.pharmacyId === pharmacyId)
export const notFound = () => new CaduceusError('vendor_not_found', 'no such pharmacy')

/**
 * Returns the changed row. The tariff is for owners. A move of more than 500 m waits for an administrator. Throws
 * `vendor_not_found` for a pharmacy that is not the caller's, `vendor_status_conflict` for one that
 * opens itself without a decision, and `precondition_failed`.
 */
export async function changePharmacy(
  ctx: PharmacyContext,
  request: Pick<RouteRequest, 'headers' | 'log'> & { identity: Identity },
  pharmacyId: string,
  body: Type.Static<typeof ChangeBody>,
): Promise<Selectable<VendorsTable>> {
  const { identity, headers } = request
  if (!isOwn(identity, pharmacyId)) throw notFound()
  if (body.pricing !== undefined) requireRole(identity, 'owner', 'the tariff')
  const settings = await settingsColumns(ctx, body)
  // The row is locked, because the distance of a move counts from its present place and a decision
  // may come at the same time.
  const row = await ctx.database.kysely.transaction().execute(async tx => {
    const known = await tx
      .selectFrom('vendors')
      .selectAll()
      .where('id', '=', pharmacyId)
      .forUpdate()
      .executeTakeFirst()
    if (known === undefined) throw notFound()
    requireRevision(headers, known.revision)
    const {
      opening_hours: _,
      pricing: __,
      is_active,
      latitude,
      longitude,
      address,
      ...profile
    } = body
    if (is_active === true && known.status !== 'active')
      throw new CaduceusError(
        'vendor_status_conflict',
        `a pharmacy that is ${known.status} cannot open itself; an administrator decides`,
      )
    // Its requirements follow from the country, so a pharmacy names it once.
    if (body.country !== undefined && known.country !== null && identity.role !== 'admin')
      throw new CaduceusError(
        'vendor_status_conflict',
        'only an administrator changes the country of a pharmacy',
      )
    if (Object.keys(body).length === 0) return known
    const place = placeColumns(
      known,
      {
        ...(latitude !== undefined && { latitude }),
        ...(longitude !== undefined && { longitude }),
        ...(address !== undefined && { address }),
      },
      ctx.config.registration === 'open' || identity.role === 'admin',
      new Date(ctx.nowMs()),
    )
    return tx
      .updateTable('vendors')
      .set({
        ...profile,
        ...place,
        ...settings,
        ...(is_active !== undefined && { paused: !is_active }),
      })
      .where('id', '=', pharmacyId)
      .returningAll()
      .executeTakeFirstOrThrow()
  })
  announcePharmacy(ctx, row, request)
  if (row.move_asked_at !== null) tellAdministratorsSoon(ctx)
  return row
}
