/**
 * Orders from shops: connections, signed deliveries, and imports that wait for a person or a retry.
 */
import { startImportRetries } from './imports.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithMaps } from '../maps/port.ts'
import { wooCommerceRoutes } from './routes.ts'
import { access } from './callers.ts'
import { readShopConfig } from './config.ts'
import { examples } from './examples.ts'

export const wooCommerce = feature<Kernel & WithMaps>()({
  name: 'woocommerce',
  config: readShopConfig,
  routes: wooCommerceRoutes,
  start: parts => startImportRetries(parts, parts.after),
  tags: { woocommerce: 'Orders from shops' },
  access,
  examples,
  answers: 'edge/woocommerce/answers.json',
})
