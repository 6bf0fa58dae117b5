/** The whole route table, and its description of itself. */
import type { EdgeContext } from '../context.ts'
import { openApiDocument } from '../http/openapi.ts'
import { pageRoutes } from '../http/pages.ts'
import { route, type AnyRoute } from '../http/route.ts'
import { OrderView } from '../../protocol/rest/order.ts'
import { authRoutes } from './auth.ts'
import { DriverProfile } from './driver-reads.ts'
import { driverRoutes } from './drivers.ts'
import { medicineRoutes } from './medicine.ts'
import { orderRoutes } from './orders.ts'
import { requestRoutes } from './requests.ts'
import { AccountView } from './shapes.ts'
import { systemRoutes, type SystemDeps } from './system.ts'
import { trackingRoutes } from './tracking.ts'
import { uploadRoutes } from './uploads.ts'
import { VendorView, vendorRoutes } from './vendors.ts'

const named = { Account: AccountView, Vendor: VendorView, Driver: DriverProfile, Order: OrderView }

export type TableContext = Omit<EdgeContext, 'hub' | 'edgeId'>

export function routeTable(ctx: TableContext, deps: SystemDeps): AnyRoute[] {
  const api = [
    ...authRoutes(ctx), ...vendorRoutes(ctx), ...driverRoutes(ctx), ...requestRoutes(ctx), ...orderRoutes(ctx), ...trackingRoutes(ctx),
    ...uploadRoutes(ctx), ...medicineRoutes(ctx), ...systemRoutes(ctx, deps),
  ]
  const document = openApiDocument(api, named, deps.version)
  return [
    ...api,
    ...pageRoutes(),
    route({
      method: 'GET', path: '/openapi.json', operationId: 'openapi', summary: 'This document', tags: ['system'], auth: 'none',
      responses: { 200: { description: 'OpenAPI 3.1' } },
      handler: () => ({ status: 200, body: document }),
    }),
  ]
}
