/**
 * Makes a pharmacy: with a new account, or for an account that has the role and no pharmacy yet. It
 * works at once or waits for a decision, as the deployment says.
 */
import type { Kysely, Selectable } from 'kysely'
import Type from 'typebox'
import type { Tables, VendorsTable } from '../../migrations/database/tables.ts'
import { dispatchPolicies } from '../../protocol/drivers/policies.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { accountById, createAccount, isUniqueViolation } from '../accounts/accounts.ts'
import { signIn, type SignedIn } from '../accounts/sessions.ts'
import { tellAdministratorsSoon } from '../approval/applicants.ts'
import { refuseTooManyPharmacies } from '../approval/bounds.ts'
import { decidedAt } from '../approval/moving.ts'
import { addressGroup } from '../kernel/address.ts'
import { announcePharmacy } from '../kernel/announce-pharmacy.ts'
import type { RouteRequest } from '../kernel/route.ts'
import {
  closedObject,
  Email,
  Password,
  PersonName,
  Phone,
  Text,
  VerificationToken,
} from '../kernel/shapes.ts'
import type { PharmacyContext } from './context.ts'
import { Country, settingsBody, settingsColumns } from './settings.ts'

type PharmacyRow = Selectable<VendorsTable>
/** The address and the headers of the request belong to the account that it makes. */
type From = Pick<RouteRequest, 'address' | 'headers' | 'log'>

const profileBody = {
  business_name: PersonName,
  phone: Phone,
  address: Type.Optional(Text),
  country: Type.Optional(Country),
  latitude: Latitude,
  longitude: Longitude,
  proof_required: Type.Optional(Type.Boolean()),
  dispatch_policy: Type.Optional(Type.Enum(dispatchPolicies)),
  ...settingsBody,
}
type Profile = Type.Static<Type.TObject<typeof profileBody>>

export const RegistrationBody = closedObject({
  email: Email,
  full_name: Type.Optional(PersonName),
  password: Password,
  verification_token: VerificationToken,
  ...profileBody,
})

/**
 * Makes the account with its pharmacy, and signs it in. An account of that e-mail and password with
 * the role and without a pharmacy is completed instead. Throws `email_taken`, `code_wrong`,
 * `too_many_requests`, and `invalid_request` for settings that cannot be.
 */
export async function registerPharmacy(
  ctx: PharmacyContext,
  from: From,
  body: Type.Static<typeof RegistrationBody>,
): Promise<{ record: PharmacyRow; signedIn: SignedIn; message: string }> {
  const { password, verification_token, full_name = body.business_name, email, ...profile } = body
  const columns = await columnsOf(ctx, profile)
  const origin = { userAgent: from.headers['user-agent'], address: from.address }
  const account = {
    email,
    full_name,
    phone: body.phone,
    role: 'vendor' as const,
    password,
    from: addressGroup(from.address),
    proof: { token: verification_token, origin },
  }
  const { userId, record } = await createAccount(
    ctx.database.kysely,
    ctx,
    account,
    (tx, user_id) => insertPharmacy(ctx, tx, from, { user_id, email, ...columns }),
    found => found.vendor_id === null,
  ).catch((error: unknown) => {
    throw isTaken(error) ? new CaduceusError('email_taken') : error
  })
  tell(ctx, record, from)
  const signedIn = await signIn(ctx, (await accountById(ctx.database.kysely, userId))!, origin)
  const message =
    ctx.config.registration === 'open'
      ? 'Vendor registration successful'
      : 'Vendor registration received; an administrator decides upon it'
  return { record, signedIn, message }
}

/**
 * Makes the pharmacy of an account that exists. Throws `not_found` for an account that is not
 * there, `account_role_conflict` for one of another role, and `vendor_already_exists`.
 */
export async function completePharmacy(
  ctx: PharmacyContext,
  from: From,
  userId: string,
  profile: Profile,
): Promise<PharmacyRow> {
  const db = ctx.database.kysely
  const account = await accountById(db, userId)
  if (account === null) throw new CaduceusError('not_found', 'no such account')
  if (account.role !== 'vendor')
    throw new CaduceusError(
      'account_role_conflict',
      `the account is ${account.role}; only an account with the role vendor has a pharmacy`,
    )
  const exists = () =>
    new CaduceusError(
      'vendor_already_exists',
      'the account has a pharmacy already; change that one',
    )
  if (account.vendor_id !== null) throw exists()
  const columns = await columnsOf(ctx, profile)
  const record = await db
    .transaction()
    .execute(tx =>
      insertPharmacy(ctx, tx, from, { user_id: userId, email: account.email, ...columns }),
    )
    .catch((error: unknown) => {
      throw isTaken(error) ? exists() : error
    })
  tell(ctx, record, from)
  return record
}

/** The account has got a pharmacy at the same moment, of its own or as a member. */
const isTaken = (error: unknown): boolean =>
  isUniqueViolation(error, 'vendors_user_id_key') || isUniqueViolation(error, 'members_account')

async function columnsOf(ctx: PharmacyContext, profile: Profile) {
  const { opening_hours: _, pricing: __, address = null, ...rest } = profile
  return { address, ...rest, ...(await settingsColumns(ctx, profile)) }
}

async function insertPharmacy(
  ctx: PharmacyContext,
  tx: Kysely<Tables>,
  from: From,
  columns: Awaited<ReturnType<typeof columnsOf>> & { user_id: string; email: string },
): Promise<PharmacyRow> {
  const open = ctx.config.registration === 'open'
  const registered_from = addressGroup(from.address)
  if (!open) await refuseTooManyPharmacies(tx, registered_from)
  const standing = open
    ? { status: 'active' as const, ...decidedAt(columns.latitude, columns.longitude) }
    : { status: 'pending' as const }
  return tx
    .insertInto('vendors')
    .values({
      id: uuidV7(ctx.nowMs(), ctx.random),
      registered_from: open ? null : registered_from,
      ...columns,
      ...standing,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

function tell(ctx: PharmacyContext, record: PharmacyRow, from: From): void {
  announcePharmacy(ctx, record, from)
  if (ctx.config.registration !== 'open') tellAdministratorsSoon(ctx)
}
