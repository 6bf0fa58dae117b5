/**
 * The people of the older broadcast API under their own names: customers and pharmacies. Its
 * requests are in `edge/requests`, its sign-in in `edge/accounts`.
 */
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { OrderContext } from '../orders/terms.ts'
import type { PharmacyContext } from '../pharmacies/context.ts'
import { access } from './callers.ts'
import { customerRoutes } from './customer.ts'
import { examples } from './examples.ts'
import { pharmacyRoutes } from './pharmacy.ts'

export const broadcast = feature<Kernel & OrderContext & PharmacyContext>()({
  name: 'broadcast',
  routes: parts => [...customerRoutes(parts), ...pharmacyRoutes(parts)],
  access,
  examples,
  answers: 'edge/broadcast/answers.json',
})
