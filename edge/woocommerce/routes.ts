/**
 * WooCommerce: the addresses to which a shop delivers its orders, and the imports of its pharmacy.
 * The delivery route reads the raw body, because the raw body is signed. The address of an
 * integration cannot be guessed, but only the signature proves the sender.
 */
import { randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import Type from 'typebox'
import type { IntegrationsTable } from '../../migrations/database/tables.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { shopLimits } from './limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { OrderView } from '../../protocol/orders/view.ts'
import type { Identity } from '../kernel/identity.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { WithConfig } from '../kernel/kernel.ts'
import type { ShopConfig } from './config.ts'
import { once } from '../idempotency/idempotency.ts'
import { route, type AnyRoute, type RouteAnswer, type RouteRequest } from '../kernel/route.ts'
import { parseJson } from '../http/json.ts'
import { seal, unseal } from '../kernel/sealing.ts'
import {
  complete,
  keepUnreadable,
  takeOrder,
  type ImportContext,
  type ImportRow,
} from './imports.ts'
import {
  draftOf,
  externalIdOf,
  ignoredBecause,
  isReadable,
  type OrderDraft,
  type WooOrder,
} from './order.ts'
import { isPing, signedBy } from './signature.ts'
import { closedObject, nextCursor, nullable, page, paged, Timestamp } from '../kernel/shapes.ts'

export type WooContext = ImportContext & WithConfig<KernelConfig & ShopConfig>

const tags = ['woocommerce']
const path = '/api/webhooks/wc/order-created'
const auth = ['vendor', 'admin'] as const
const PharmacyId = Type.Object({ id: Uuid })
const IntegrationView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  kind: Type.Literal('woocommerce'),
  delivery_url: Type.String(),
  created_at: Timestamp,
})
const ImportView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  external_id: Type.String(),
  external_modified: Type.String(),
  status: Type.Enum(['pending', 'imported', 'dismissed']),
  reason: nullable(
    Type.String({ description: 'The reason why it waits: a code of the error catalogue' }),
  ),
  order_id: nullable(Uuid),
  customer_name: nullable(Type.String()),
  customer_phone: nullable(Type.String()),
  delivery_address: nullable(Type.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
})
const Taken = Type.Object({
  outcome: Type.Enum(['created', 'pending', 'duplicate', 'ignored', 'ping']),
  message: Type.String(),
  import_id: Type.Optional(Uuid),
  order_id: Type.Optional(Uuid),
  order_number: Type.Optional(Type.String()),
  reason: Type.Optional(nullable(Type.String())),
})

interface Shop {
  scopeId: string
  pharmacyId: string
  secret: string | null
}
type IntegrationRow = Selectable<IntegrationsTable>

const importView = (row: ImportRow) => {
  const draft = row.draft as OrderDraft | null
  return {
    id: row.id,
    vendor_id: row.vendor_id,
    external_id: row.external_id,
    external_modified: row.external_modified,
    status: row.status,
    reason: row.reason,
    order_id: row.status === 'imported' ? row.order_id : null,
    customer_name: draft?.customer_name ?? null,
    customer_phone: draft?.customer_phone ?? null,
    delivery_address: draft?.delivery_address ?? null,
    created_at: row.created_at,
    updated_at: row.updated_at,
  }
}

/** The rows for shops and their imports. */
export function wooCommerceRoutes(ctx: WooContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** Another pharmacy's shops count as not found. */
  const requireOwn = async (identity: Identity, pharmacyId: string): Promise<void> => {
    const own =
      identity.role === 'admin'
        ? (await db
            .selectFrom('vendors')
            .select('id')
            .where('id', '=', pharmacyId)
            .executeTakeFirst()) !== undefined
        : identity.pharmacyId === pharmacyId
    if (!own) throw new CaduceusError('vendor_not_found', 'no such pharmacy')
  }
  const findImport = async (pharmacyId: string, id: string): Promise<ImportRow> => {
    const row = await db
      .selectFrom('imports')
      .selectAll()
      .where('id', '=', id)
      .where('vendor_id', '=', pharmacyId)
      .executeTakeFirst()
    if (row === undefined) throw new CaduceusError('not_found', 'no such import')
    return row
  }
  const integrationView = (row: IntegrationRow, origin: string | null) => ({
    id: row.id,
    vendor_id: row.vendor_id,
    kind: row.kind,
    created_at: row.created_at,
    delivery_url: `${origin ?? `http://${ctx.config.host}:${ctx.config.port}`}${path}/${row.delivery_key}`,
  })

  /** Answers a delivery to a shop's address. */
  const deliver = async (
    shop: Shop | null,
    { headers, body, log }: Pick<RouteRequest, 'headers' | 'body' | 'log'>,
  ): Promise<RouteAnswer> => {
    const bytes = body as Uint8Array
    if (shop === null)
      throw new CaduceusError(
        'not_found',
        'no shop delivers here; a pharmacy makes an address with POST /api/vendors/{id}/integrations/woocommerce',
      )
    if (isPing(headers, bytes))
      return { status: 200, body: { outcome: 'ping', message: 'ready for deliveries' } }
    if (shop.secret === null || !signedBy(shop.secret, bytes, headers['x-wc-webhook-signature']))
      throw new CaduceusError(
        'signature_invalid',
        'X-WC-Webhook-Signature is missing, or was not made with the secret of this address',
      )
    const ignored = (message: string): RouteAnswer => ({
      status: 200,
      body: { outcome: 'ignored', message },
    })
    const topic = headers['x-wc-webhook-topic'] ?? 'order.created'
    if (topic !== 'order.created')
      return ignored(
        `this address takes order.created, not ${topic.slice(0, shopLimits.importTextCharactersMax)}`,
      )
    const order = parse(bytes)
    const id = order === null ? null : externalIdOf(order)
    // The delivery is signed, so it comes from the shop. Even when it is unreadable its pharmacy
    // sees that something came; the shop would lose a refusal.
    if (order === null || id === null)
      return kept(await keepUnreadable(ctx, shop.scopeId, shop.pharmacyId, bytes))
    const why = ignoredBecause(order)
    if (why !== null) return ignored(why)
    const arrival = await takeOrder(
      { ...ctx, log },
      shop.scopeId,
      shop.pharmacyId,
      draftOf(order),
      isReadable(order),
    )
    const { row } = arrival
    switch (arrival.outcome) {
      case 'created':
        return {
          status: 201,
          body: {
            outcome: 'created',
            message: 'Order created',
            import_id: row.id,
            order_id: arrival.order.id,
            order_number: arrival.order.order_number,
          },
        }
      case 'pending':
        return kept(row)
      case 'duplicate':
        return {
          status: 200,
          body: {
            outcome: 'duplicate',
            message: 'this order was delivered before',
            import_id: row.id,
            ...(row.status === 'imported' && { order_id: row.order_id }),
          },
        }
    }
  }
  const deliveryRoute = (
    row: Pick<AnyRoute, 'path' | 'operationId' | 'summary' | 'params'>,
    find: (
      params: Record<string, string>,
      request: Pick<RouteRequest, 'log'>,
    ) => Promise<Shop | null>,
  ): AnyRoute =>
    route({
      ...row,
      method: 'POST',
      tags,
      auth: 'none',
      rate: 'public',
      audit: { kind: 'import', id: body => (body as { import_id?: string }).import_id },
      rawBody: {
        contentTypes: ['application/json', 'application/x-www-form-urlencoded'],
        description: 'An order as WooCommerce signs it, or its ping',
      },
      responses: {
        200: { description: 'A ping, a repeat, or nothing to deliver', schema: Taken },
        201: { description: 'The order was created', schema: Taken },
        202: {
          description: 'Kept; it waits for coordinates, or for a person to look at it',
          schema: Taken,
        },
      },
      errors: ['signature_invalid', 'not_found'],
      handler: async request =>
        deliver(await find(request.params as Record<string, string>, request), request),
    })

  return [
    deliveryRoute(
      {
        path,
        operationId: 'takeShopOrder',
        summary:
          "Deliveries of the deployment's own shop (WC_WEBHOOK_SECRET, WC_WEBHOOK_VENDOR_ID)",
      },
      async () => {
        const { shop } = ctx.config
        return shop === null
          ? null
          : { scopeId: shop.pharmacyId, pharmacyId: shop.pharmacyId, secret: shop.secret }
      },
    ),
    deliveryRoute(
      {
        path: `${path}/:key`,
        operationId: 'takeIntegrationOrder',
        summary: 'Deliveries of one integration',
        params: Type.Object({
          key: Type.String({
            pattern: '^[\\w-]{16,64}$',
            'x-rule': 'must be the key of an integration',
          }),
        }),
      },
      async ({ key }, { log }) => {
        const row = await db
          .selectFrom('integrations')
          .selectAll()
          .where('delivery_key', '=', key!)
          .executeTakeFirst()
        if (row === undefined) return null
        const secret = unseal(ctx.config.jwtSecret, row.id, row.secret_sealed)
        if (secret === null)
          log.warn(
            { integration_id: row.id },
            'the secret of an integration was sealed under another JWT_SECRET_KEY; make the integration anew',
          )
        return { scopeId: row.id, pharmacyId: row.vendor_id, secret }
      },
    ),
    route({
      method: 'POST',
      path: '/api/vendors/:id/integrations/woocommerce',
      operationId: 'connectShop',
      tags,
      auth,
      params: PharmacyId,
      summary:
        'An address and a secret for a WooCommerce webhook "Order created"; the answer shows the secret only once',
      body: closedObject({
        secret: Type.Optional(
          Type.String({
            minLength: 12,
            maxLength: 200,
            description: 'A secret that the shop uses already',
          }),
        ),
      }),
      responses: {
        201: {
          description: 'The integration and its secret',
          schema: Type.Object({ integration: IntegrationView, secret: Type.String() }),
        },
      },
      errors: ['vendor_not_found', 'subscription_limit_reached'],
      handler: async ({ identity, params, body, origin }) => {
        await requireOwn(identity, params.id)
        const { count } = await db
          .selectFrom('integrations')
          .select(eb => eb.fn.countAll<number>().as('count'))
          .where('vendor_id', '=', params.id)
          .executeTakeFirstOrThrow()
        if (count >= shopLimits.webhookIntegrationsPerPharmacyMax)
          throw new CaduceusError(
            'subscription_limit_reached',
            `there may be ${shopLimits.webhookIntegrationsPerPharmacyMax} integrations; delete one first`,
          )
        const id = uuidV7(ctx.nowMs(), ctx.random)
        const secret = body.secret ?? randomBytes(32).toString('base64url')
        const row = await db
          .insertInto('integrations')
          .values({
            id,
            vendor_id: params.id,
            kind: 'woocommerce',
            delivery_key: randomBytes(16).toString('base64url'),
            secret_sealed: seal(ctx.config.jwtSecret, id, secret),
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        return {
          status: 201,
          body: { integration: integrationView(row, origin), secret },
          headers: { 'cache-control': 'no-store' },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id/integrations',
      operationId: 'listIntegrations',
      summary: 'Shops that deliver to the pharmacy',
      tags,
      auth,
      params: PharmacyId,
      responses: {
        200: {
          description: 'All of them',
          schema: Type.Object({ integrations: Type.Array(IntegrationView) }),
        },
      },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, origin }) => {
        await requireOwn(identity, params.id)
        const rows = await db
          .selectFrom('integrations')
          .selectAll()
          .where('vendor_id', '=', params.id)
          .orderBy('id', 'desc')
          .execute()
        return {
          status: 200,
          body: { integrations: rows.map(row => integrationView(row, origin)) },
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/vendors/:id/integrations/:integration_id',
      operationId: 'disconnectShop',
      summary: 'Delete an integration and its address',
      tags,
      auth,
      params: Type.Object({ id: Uuid, integration_id: Uuid }),
      responses: { 204: { description: 'Deleted' } },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params }) => {
        await requireOwn(identity, params.id)
        const gone = await db
          .deleteFrom('integrations')
          .where('id', '=', params.integration_id)
          .where('vendor_id', '=', params.id)
          .returning('id')
          .executeTakeFirst()
        if (gone === undefined) throw new CaduceusError('not_found', 'no such integration')
        return { status: 204 }
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id/imports',
      operationId: 'listImports',
      summary: 'Orders that shops sent, newest first',
      tags,
      auth,
      params: PharmacyId,
      query: closedObject({ ...page, status: Type.Optional(ImportView.properties.status) }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ imports: Type.Array(ImportView), next_cursor: nextCursor }),
        },
      },
      errors: ['vendor_not_found'],
      handler: async ({
        identity,
        params,
        query: { limit = limits.listLimitDefault, cursor, status },
      }) => {
        await requireOwn(identity, params.id)
        let query = db.selectFrom('imports').selectAll().where('vendor_id', '=', params.id)
        if (cursor !== undefined) query = query.where('id', '<', cursor)
        if (status !== undefined) query = query.where('status', '=', status)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return { status: 200, body: { imports: rows.map(importView), next_cursor } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/vendors/:id/imports/:import_id/complete',
      operationId: 'completeImport',
      summary: 'Place the order at these coordinates',
      tags,
      auth,
      idempotent: true,
      params: Type.Object({ id: Uuid, import_id: Uuid }),
      body: closedObject({ latitude: Latitude, longitude: Longitude }),
      responses: { 201: { description: 'The order', schema: OrderView } },
      errors: ['vendor_not_found', 'import_not_pending', 'import_unreadable'],
      handler: request =>
        once(ctx, request, 'completeImport', async () => {
          const { identity, params, body } = request
          await requireOwn(identity, params.id)
          const order = await complete(
            { ...ctx, log: request.log },
            await findImport(params.id, params.import_id),
            body,
          )
          return { status: 201, body: order, headers: { location: `/api/orders/${order.id}` } }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/vendors/:id/imports/:import_id',
      operationId: 'dismissImport',
      summary: 'Dismiss an import that nobody will complete',
      tags,
      auth,
      params: Type.Object({ id: Uuid, import_id: Uuid }),
      responses: { 200: { description: 'The import', schema: ImportView } },
      errors: ['vendor_not_found', 'import_not_pending'],
      handler: async ({ identity, params }) => {
        await requireOwn(identity, params.id)
        const row = await findImport(params.id, params.import_id)
        const dismissed = await db
          .updateTable('imports')
          .set({ status: 'dismissed', draft: null, updated_at: new Date(ctx.nowMs()) })
          .where('id', '=', row.id)
          .where('status', '=', 'pending')
          .returningAll()
          .executeTakeFirst()
        if (dismissed === undefined)
          throw new CaduceusError('import_not_pending', `this import is ${row.status}`)
        return { status: 200, body: importView(dismissed) }
      },
    }),
  ]
}

/** Null for a body that is not an order. */
function parse(bytes: Uint8Array): WooOrder | null {
  try {
    const value: unknown = parseJson(bytes)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as WooOrder)
      : null
  } catch {
    return null
  }
}

const kept = (row: ImportRow): RouteAnswer => ({
  status: 202,
  body: {
    outcome: 'pending',
    message: 'the order is kept and waits for its pharmacy to complete it',
    import_id: row.id,
    reason: row.reason,
  },
})
