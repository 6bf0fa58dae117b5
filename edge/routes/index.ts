/** The whole route table, and its description of itself. */
import type { EdgeContext } from '../context.ts'
import { openApiDocument } from '../http/openapi.ts'
import { pageRoutes } from '../http/pages.ts'
import { route, type AnyRoute } from '../http/route.ts'
import { asyncApiDocument } from '../../protocol/asyncapi.ts'
import { OrderView } from '../../protocol/rest/order.ts'
import { driverApprovalRoutes } from '../approval/driver-routes.ts'
import { createInvitationTries } from '../approval/invitations.ts'
import { ApprovalView, approvalRoutes } from '../approval/vendor-routes.ts'
import { AuditView, auditRoutes } from './audit.ts'
import { accountRoutes } from './account.ts'
import { adminAccountRoutes } from './admin-accounts.ts'
import { ApiKeyView, apiKeyRoutes } from './api-keys.ts'
import { answers, examples } from './examples/example.ts'
import { authRoutes } from './auth.ts'
import { DriverProfile } from './driver-reads.ts'
import { driverRoutes } from './drivers.ts'
import { medicineRoutes } from './medicine.ts'
import { driverFigureRoutes } from './driver-figures.ts'
import { breadcrumbRoutes } from './breadcrumbs.ts'
import { orderEventRoutes } from './order-events.ts'
import { orderRoutes } from './orders.ts'
import { otpRoutes } from './otp.ts'
import { outboxRoutes } from './outbox.ts'
import { parkedCommandRoutes } from './parked-commands.ts'
import { reportRoutes } from './reports.ts'
import { pricingRoutes } from './pricing.ts'
import { requestRoutes } from './requests.ts'
import { AccountView } from './shapes.ts'
import { systemRoutes, type SystemDeps } from './system.ts'
import { trackingRoutes } from './tracking.ts'
import { uploadRoutes } from './uploads.ts'
import { resumableRoutes } from '../uploads/resumable/routes.ts'
import { VendorView, vendorRoutes } from './vendors.ts'
import { webhookDeliveryRoutes } from './webhook-deliveries.ts'
import { webhookSubscriptionRoutes } from './webhook-subscriptions.ts'
import { DeliveryView, SubscriptionView } from './webhook-views.ts'
import { wooCommerceRoutes } from './woocommerce.ts'

const named = {
  AuditEntry: AuditView,
  Account: AccountView,
  ApiKey: ApiKeyView,
  Approval: ApprovalView,
  Vendor: VendorView,
  Driver: DriverProfile,
  Order: OrderView,
  WebhookSubscription: SubscriptionView,
  WebhookDelivery: DeliveryView,
}

const tags = {
  auth: 'Accounts, sign-in, one-time codes, sessions',
  admin: 'For administrators',
  vendors: 'Pharmacies',
  drivers: 'Drivers, their availability and earnings',
  requests: 'A customer asks the pharmacies nearby; the first to accept wins',
  orders: 'From the order to the door',
  pricing: 'Delivery fees',
  tracking: 'What the holder of a link sees',
  reports: 'Figures and CSV',
  uploads: 'Photos, signatures, prescriptions, sounds',
  webhooks: 'Order events to others',
  woocommerce: 'Orders from shops',
  system: 'Health and metrics',
  'broadcast (older API)': 'Names and shapes of the broadcast backend',
  'rides (older API)': 'Names of the ride backend',
}

export type TableContext = Omit<EdgeContext, 'hub' | 'edgeId'>

export function routeTable(ctx: TableContext, deps: SystemDeps): AnyRoute[] {
  const tries = createInvitationTries(ctx.nowMs)
  const api = [
    ...auditRoutes(ctx),
    ...authRoutes(ctx),
    ...otpRoutes(ctx),
    ...accountRoutes(ctx),
    ...adminAccountRoutes(ctx),
    ...apiKeyRoutes(ctx),
    ...outboxRoutes(ctx),
    ...parkedCommandRoutes(ctx),
    ...vendorRoutes(ctx),
    ...approvalRoutes(ctx),
    ...driverRoutes(ctx, tries),
    ...driverApprovalRoutes(ctx, tries),
    ...requestRoutes(ctx),
    ...orderRoutes(ctx),
    ...orderEventRoutes(ctx),
    ...breadcrumbRoutes(ctx),
    ...pricingRoutes(ctx),
    ...driverFigureRoutes(ctx),
    ...trackingRoutes(ctx),
    ...reportRoutes(ctx),
    ...uploadRoutes(ctx),
    ...resumableRoutes(ctx),
    ...medicineRoutes(ctx),
    ...webhookSubscriptionRoutes(ctx),
    ...webhookDeliveryRoutes(ctx),
    ...wooCommerceRoutes(ctx),
    ...systemRoutes(ctx, deps),
  ]
  const document = openApiDocument(api, {
    named,
    tags,
    examples,
    answers: answers(),
    version: deps.version,
  })
  const messages = asyncApiDocument(deps.version)
  return [
    ...api,
    ...pageRoutes(deps.version),
    route({
      method: 'GET',
      path: '/openapi.json',
      operationId: 'openapi',
      summary: 'This document',
      tags: ['system'],
      auth: 'none',
      responses: { 200: { description: 'OpenAPI 3.1' } },
      handler: () => ({ status: 200, body: document }),
    }),
    route({
      method: 'GET',
      path: '/asyncapi.json',
      operationId: 'asyncapi',
      summary: 'What crosses NATS and the WebSockets, as AsyncAPI 3',
      tags: ['system'],
      auth: 'none',
      responses: { 200: { description: 'AsyncAPI 3' } },
      handler: () => ({ status: 200, body: messages }),
    }),
  ]
}
