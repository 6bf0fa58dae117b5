/** What a person may do with all that is known of them: the export and the erasure. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { accountById } from '../accounts/accounts.ts'
import { noticeLetter } from '../accounts/letters.ts'
import { roles } from '../kernel/identity.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import type { WithVault } from '../keys/vault.ts'
import type { PrivacyConfig } from './config.ts'
import { askErasure, erasureOf, takeBackErasure, type Erasure } from './erasures.ts'
import { Exports } from './export.ts'

export type PrivacyContext = Pick<Kernel, 'database' | 'nowMs'> &
  WithMessenger &
  WithVault &
  WithConfig<PrivacyConfig>

const tags = ['auth']
const ErasureView = Type.Object({
  asked_at: Timestamp,
  due_at: Type.String({
    format: 'date-time',
    description: 'When the erasure begins. Until then it can be taken back',
  }),
  kept: Type.Array(
    Type.Object({
      what: Type.String(),
      why: Type.String(),
      days: nullable(
        Type.Integer({ description: 'From the hand-over, or from the upload; null: for ever' }),
      ),
    }),
    { description: 'What is not erased with the rest' },
  ),
})

const ExportView = Type.Object({
  readme: Type.Array(Type.String(), { description: 'How to read the document' }),
  account_id: Uuid,
  made_at: Timestamp,
  parts: Type.Array(
    Type.Object({
      table: Type.String(),
      about: Type.String({ description: 'What the rows are' }),
      rows: Type.Array(Type.Object({}, { additionalProperties: true })),
    }),
  ),
  left_out: Type.Record(Type.String(), Type.String(), {
    description: 'Tables that hold nothing of their own about the person, with the reason',
  }),
})

/** The rows of this feature. */
export function privacyRoutes(ctx: PrivacyContext): AnyRoute[] {
  const exports = new Exports(ctx)
  const days = ctx.config.recordsRetentionDays
  const viewOf = ({ asked_at, due_at }: Erasure) => ({
    asked_at,
    due_at,
    kept: [
      {
        what: 'who had the parcels of your orders, the places and files that prove it, and prescriptions',
        why: 'a law asks pharmacies for these records',
        days,
      },
      { what: 'amounts and times of your orders', why: 'figures and money stay whole', days: null },
    ],
  })
  const account = async (id: string) => {
    const found = await accountById(ctx.database.kysely, id)
    if (found === null)
      throw new CaduceusError('token_invalid', 'the account of this token is gone')
    return found
  }
  const tell = (email: string, what: string): void => {
    if (email !== '') ctx.messenger.post(noticeLetter(email, what))
  }
  return [
    route({
      method: 'GET',
      path: '/api/auth/me/export',
      operationId: 'exportMe',
      summary:
        'All that is known of the caller, as one JSON document; one at a time. A letter tells the owner of the account',
      tags,
      standing: 'any',
      auth: roles,
      rate: 'upload',
      responses: { 200: { description: 'The document', schema: ExportView } },
      errors: ['too_many_requests', 'overloaded'],
      handler: async ({ identity }) => {
        const { id, email, member_role, vendor_id, driver_id } = await account(identity.userId)
        // What is known of a pharmacy is for its owners.
        const pharmacyId = member_role === 'owner' ? vendor_id : null
        const ids = [id, pharmacyId, driver_id].filter(one => one !== null)
        const mayWork = (identity.standing?.access ?? 'full') === 'full'
        return {
          status: 200,
          // The letter goes first: a thief who reads no further does not keep it away.
          body: exports.of({ accountId: id, ids, mayWork }, () =>
            tell(email, 'A copy of all data of your account was made.'),
          ),
          headers: {
            'content-type': 'application/json; charset=utf-8',
            'content-disposition': 'attachment; filename="caduceus-export.json"',
          },
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/auth/me',
      operationId: 'eraseMe',
      summary:
        'Ask for the erasure of the account, by a customer. It begins after a grace, in which it can be taken back; a repeat changes nothing',
      tags,
      auth: ['user'],
      responses: { 202: { description: 'What will be erased, and when', schema: ErasureView } },
      handler: async ({ identity }) => {
        const { email } = await account(identity.userId)
        const { erasure, isNew } = await askErasure(ctx, identity.userId)
        if (isNew)
          tell(
            email,
            `The erasure of your account was asked for. It begins at ${erasure.due_at.toISOString()}; until then you can sign in and take it back.`,
          )
        return { status: 202, body: viewOf(erasure) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/auth/me/erasure',
      operationId: 'getErasure',
      summary: 'The erasure that the caller has asked for; null where nothing was asked for',
      tags,
      auth: ['user'],
      responses: {
        200: {
          description: 'The erasure',
          schema: Type.Object({ erasure: nullable(ErasureView) }),
        },
      },
      handler: async ({ identity }) => {
        const erasure = await erasureOf(ctx, identity.userId)
        return { status: 200, body: { erasure: erasure === null ? null : viewOf(erasure) } }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/auth/me/erasure',
      operationId: 'takeBackErasure',
      summary: 'Take the wish for an erasure back, before it begins',
      tags,
      auth: ['user'],
      responses: { 204: { description: 'Taken back' } },
      errors: ['not_found'],
      handler: async ({ identity }) => {
        await takeBackErasure(ctx, identity.userId)
        const { email } = await account(identity.userId)
        tell(email, 'The erasure of your account was taken back.')
        return { status: 204 }
      },
    }),
  ]
}
