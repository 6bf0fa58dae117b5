/** The ways to pay that an order may name, for whoever is about to place it. */
import Type from 'typebox'
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { Currency, oneOf } from '../../protocol/kernel/schema.ts'
import { paymentMethods } from '../../protocol/orders/said-money.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { nullable } from '../kernel/shapes.ts'
import type { PaymentsConfig } from './config.ts'

const MethodsView = Type.Object({
  currency: Currency,
  methods: Type.Array(
    Type.Object({
      method: oneOf(paymentMethods),
      publishable_key: nullable(
        Type.String({ description: "Of Stripe's library, for cards; null for other ways" }),
      ),
    }),
    { description: 'Empty when orders name no way to pay here' },
  ),
})

/** Throws `vendor_not_found` unless the pharmacy may work. */
async function requireActive(db: Kysely<Tables>, pharmacyId: string): Promise<void> {
  const found = await db
    .selectFrom('vendors')
    .select('id')
    .where('id', '=', pharmacyId)
    .where('status', '=', 'active')
    .executeTakeFirst()
  if (found === undefined) throw new CaduceusError('vendor_not_found', 'no such pharmacy')
}

/** The rows that say how orders can be paid; anybody may ask. */
export function methodRoutes({
  database,
  config: { currency, paymentMethods: offered, stripe },
}: Pick<Kernel, 'database'> &
  WithConfig<PaymentsConfig & Pick<KernelConfig, 'currency'>>): AnyRoute[] {
  const body = {
    currency,
    methods: offered.map(method => ({
      method,
      publishable_key: method === 'card' ? (stripe?.publishableKey ?? null) : null,
    })),
  }
  const responses = { 200: { description: 'The ways to pay', schema: MethodsView } }
  return [
    route({
      method: 'GET',
      path: '/api/payments/methods',
      operationId: 'listPaymentMethods',
      summary: 'The ways to pay that a request to all pharmacies may name',
      tags: ['payments'],
      auth: 'none',
      responses,
      handler: async () => ({ status: 200, body }),
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id/payment-methods',
      operationId: 'listVendorPaymentMethods',
      summary: 'The ways to pay that an order from this pharmacy may name',
      tags: ['payments'],
      auth: 'none',
      params: Type.Object({ id: Uuid }),
      responses,
      errors: ['vendor_not_found'],
      handler: async ({ params }) => {
        await requireActive(database.kysely, params.id)
        return { status: 200, body }
      },
    }),
  ]
}
