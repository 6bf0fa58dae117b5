/** What a person may do with all that is known of them: `/api/auth/me/export`. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { accountById } from '../accounts/accounts.ts'
import { noticeLetter } from '../accounts/letters.ts'
import { roles } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { Timestamp } from '../kernel/shapes.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import { Exports } from './export.ts'

export type PrivacyContext = Pick<Kernel, 'database' | 'nowMs'> & WithMessenger

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
  return [
    route({
      method: 'GET',
      path: '/api/auth/me/export',
      operationId: 'exportMe',
      summary:
        'All that is known of the caller, as one JSON document; one at a time. A letter tells the owner of the account',
      tags: ['auth'],
      standing: 'any',
      auth: roles,
      rate: 'upload',
      responses: { 200: { description: 'The document', schema: ExportView } },
      errors: ['too_many_requests', 'overloaded'],
      handler: async ({ identity }) => {
        const account = await accountById(ctx.database.kysely, identity.userId)
        if (account === null)
          throw new CaduceusError('token_invalid', 'the account of this token is gone')
        // What is known of a pharmacy is for its owners.
        const pharmacyId = account.member_role === 'owner' ? account.vendor_id : null
        const ids = [account.id, pharmacyId, account.driver_id].filter(id => id !== null)
        const mayWork = (identity.standing?.access ?? 'full') === 'full'
        return {
          status: 200,
          // The letter goes first: a thief who reads no further does not keep it away.
          body: exports.of({ accountId: account.id, ids, mayWork }, () => {
            if (account.email !== '')
              ctx.messenger.post(
                noticeLetter(account.email, 'A copy of all data of your account was made.'),
              )
          }),
          headers: {
            'content-type': 'application/json; charset=utf-8',
            'content-disposition': 'attachment; filename="caduceus-export.json"',
          },
        }
      },
    }),
  ]
}
