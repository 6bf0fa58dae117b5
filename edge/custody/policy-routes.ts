/** What a pharmacy adds to the policies of custody, and what they ask for then. */
import Type from 'typebox'
import { goodsClasses, type GoodsClass } from '../../protocol/custody/classes.ts'
import {
  CustodyAdditions,
  needs,
  policyOf,
  withoutTemperature,
} from '../../protocol/custody/policies.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { oneOf } from '../../protocol/kernel/schema.ts'
import { announcePharmacy } from '../kernel/announce-pharmacy.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { nullable } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'

const needList = Type.Array(oneOf(needs))
const PolicyView = Type.Object({
  pickup: needList,
  handover: needList,
  return: needList,
  minimum_age: nullable(Type.Integer()),
  return_minutes: nullable(Type.Integer()),
  celsius: nullable(Type.Object({ min: Type.Number(), max: Type.Number() })),
})
const PoliciesView = Type.Object({
  additions: CustodyAdditions,
  policies: Type.Object(
    Object.fromEntries(goodsClasses.map(name => [name, PolicyView])) as {
      [Class in GoodsClass]: typeof PolicyView
    },
    { description: 'What each class of goods asks for, with the additions' },
  ),
})

const viewOf = (additions: CustodyAdditions) => ({
  additions,
  policies: Object.fromEntries(
    goodsClasses.map(name => {
      const {
        minimumAge,
        returnMinutes,
        pickup,
        handover,
        return: back,
        celsius,
      } = policyOf([name], additions)
      const shown = { pickup: [...pickup], handover: [...handover], return: [...back], celsius }
      return [name, { ...shown, minimum_age: minimumAge, return_minutes: returnMinutes }]
    }),
  ) as Record<GoodsClass, Type.Static<typeof PolicyView>>,
})

const OwnPharmacy = Type.Object({ id: Uuid })
const refuseStranger = ({ role, pharmacyId }: Identity, id: string): void => {
  if (role !== 'admin' && pharmacyId !== id)
    throw new CaduceusError('vendor_not_found', 'no such pharmacy')
}

export function policyRoutes(ctx: Pick<Kernel, 'database' | 'bus'>): AnyRoute[] {
  const { kysely: db } = ctx.database
  return [
    route({
      method: 'GET',
      path: '/api/vendors/:id/custody-policies',
      operationId: 'getCustodyPolicies',
      summary: 'What each class of goods asks for at this pharmacy',
      tags: ['custody'],
      auth: ['vendor', 'admin'],
      params: OwnPharmacy,
      responses: { 200: { description: 'The policies', schema: PoliciesView } },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params }) => {
        refuseStranger(identity, params.id)
        const row = await db
          .selectFrom('vendors')
          .select('custody_additions')
          .where('id', '=', params.id)
          .executeTakeFirst()
        if (row === undefined) throw new CaduceusError('vendor_not_found', 'no such pharmacy')
        return { status: 200, body: viewOf(row.custody_additions ?? {}) }
      },
    }),
    route({
      method: 'PUT',
      path: '/api/vendors/:id/custody-policies',
      operationId: 'setCustodyPolicies',
      summary: 'What the pharmacy asks for besides; orders that it has taken keep their rules',
      tags: ['custody'],
      auth: ['vendor', 'admin'],
      params: OwnPharmacy,
      body: CustodyAdditions,
      responses: { 200: { description: 'The policies', schema: PoliciesView } },
      errors: ['vendor_not_found'],
      handler: async request => {
        const { identity, params, body } = request
        refuseStranger(identity, params.id)
        const impossible = withoutTemperature(body)
        if (impossible.length > 0)
          throw invalid(
            impossible.map(name => ({
              field: `${name}.celsius`,
              rule: 'has no temperature in common with the range of the class',
            })),
          )
        const row = await db
          .updateTable('vendors')
          .set({
            custody_additions: Object.keys(body).length === 0 ? null : JSON.stringify(body),
          })
          .where('id', '=', params.id)
          .returningAll()
          .executeTakeFirst()
        if (row === undefined) throw new CaduceusError('vendor_not_found', 'no such pharmacy')
        announcePharmacy(ctx, row, request)
        return { status: 200, body: viewOf(body) }
      },
    }),
  ]
}
