/** The custody of an order, its export, and the checkpoints of the log. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { roles } from '../kernel/identity.ts'
import { paperHeaders } from '../kernel/paper.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { route, type AnyRoute, type RouteAnswer } from '../kernel/route.ts'
import { closedObject, cursorRule, nullable, Timestamp } from '../kernel/shapes.ts'
import type { ReadContext } from '../orders/reads.ts'
import { OrderId } from '../orders/terms.ts'
import { epcisDocument } from './epcis.ts'
import { custodyFile, provingNotes, type ExportParts } from './export.ts'
import { custodyPage } from './page.ts'
import { CustodyView, entriesOf, orderInCustody, timelineFor, type EntryRow } from './timeline.ts'

export type CustodyContext = ReadContext & ExportParts

const tags = ['custody']

type Write = (ctx: CustodyContext, order: OrderView, rows: EntryRow[]) => Promise<RouteAnswer>
const named = ({ order_number }: OrderView, ending: string): string =>
  `attachment; filename="custody-${order_number}.${ending}"`

/** The forms of an export. */
const files: Readonly<Record<'caduceus' | 'epcis' | 'html', Write>> = {
  caduceus: async (ctx, order, rows) => ({
    status: 200,
    body: Buffer.from(await custodyFile(ctx, rows)),
    headers: {
      'content-type': 'application/json',
      'content-disposition': named(order, 'json'),
    },
  }),
  epcis: async (ctx, order, rows) => ({
    status: 200,
    body: Buffer.from(JSON.stringify(epcisDocument(order.id, rows, ctx.nowMs()))),
    headers: {
      'content-type': 'application/ld+json',
      'content-disposition': named(order, 'epcis.jsonld'),
    },
  }),
  async html(ctx, order, rows) {
    const { notes, logKey } = await provingNotes(ctx, rows)
    const { order_number: orderNumber, id: orderId } = order
    return {
      status: 200,
      body: custodyPage({ orderNumber, orderId, rows, note: notes.at(-1)!, logKey }),
      headers: paperHeaders,
    }
  },
}

/** The rows of custody. */
export function custodyRoutes(ctx: CustodyContext): AnyRoute[] {
  const { kysely: db } = ctx.database
  const { custodySigner: signer } = ctx.config
  return [
    route({
      method: 'GET',
      path: '/api/orders/:id/custody',
      operationId: 'getCustody',
      summary: 'Who had the parcel when, and what proves it; an entry comes about a second late',
      tags,
      auth: roles,
      scope: 'orders:read',
      standing: 'carrying',
      params: OrderId,
      responses: { 200: { description: 'The chain of custody', schema: CustodyView } },
      errors: ['order_not_found'],
      handler: async ({ identity, params }) => {
        const { id } = await orderInCustody(ctx, identity, params.id)
        return { status: 200, body: timelineFor(identity, id, await entriesOf(db, id)) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/orders/:id/custody/export',
      operationId: 'exportCustody',
      summary: 'The chain of custody with its proofs, as a file that can be verified without us',
      tags,
      auth: ['user', 'vendor', 'admin'],
      scope: 'orders:read',
      params: OrderId,
      query: closedObject({ format: Type.Optional(Type.Enum(['caduceus', 'epcis', 'html'])) }),
      responses: {
        200: {
          description:
            'The file; `npm run -s verify -- FILE` says whether it is true. With `epcis` an EPCIS 2.0 document, with `html` a page to print',
          contentType: 'application/json',
        },
      },
      errors: ['order_not_found', 'not_found', 'unavailable'],
      handler: async ({ identity, params, query: { format = 'caduceus' } }) => {
        const order = await orderInCustody(ctx, identity, params.id)
        const rows = await entriesOf(db, order.id)
        if (rows.length === 0)
          throw new CaduceusError('not_found', 'this order has no entry of custody yet')
        return files[format](ctx, order, rows)
      },
    }),
    route({
      method: 'GET',
      path: '/api/custody/checkpoints',
      operationId: 'listCustodyCheckpoints',
      summary:
        'The signed checkpoints of the custody log, newest first, for everybody who compares',
      tags,
      auth: 'none',
      query: closedObject({
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listLimitMax })),
        cursor: Type.Optional(
          Type.String({
            pattern: '^[0-9]{1,15}$',
            description: 'next_cursor of the page before',
            'x-rule': cursorRule,
          }),
        ),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({
            log_key: Type.Union([Type.String(), Type.Null()], {
              description:
                'The public key of the log, as c2sp.org/signed-note writes it; null on a server that does not sign',
            }),
            witness_keys: Type.Array(
              Type.String({ description: 'Of the servers that cosign, as c2sp.org/signed-note' }),
            ),
            checkpoints: Type.Array(
              Type.Object({
                size: Type.Integer({ minimum: 1 }),
                note: Type.String({ description: 'As c2sp.org/tlog-checkpoint defines it' }),
                signed_at: Timestamp,
              }),
            ),
            next_cursor: nullable(Type.String()),
          }),
        },
      },
      handler: async ({ query: { limit = limits.listLimitDefault, cursor } }) => {
        const found = await db
          .selectFrom('custody_checkpoints')
          .select(['size', 'note', 'signed_at'])
          .where('log_key', '=', signer?.key ?? '')
          .$if(cursor !== undefined, query => query.where('size', '<', Number(cursor)))
          .orderBy('size', 'desc')
          .limit(limit + 1)
          .execute()
        const checkpoints = found.slice(0, limit)
        return {
          status: 200,
          body: {
            log_key: signer?.key ?? null,
            witness_keys: ctx.config.custodyWitnesses.flatMap(({ key }) => key?.text ?? []),
            checkpoints,
            next_cursor: found.length > limit ? String(checkpoints.at(-1)!.size) : null,
          },
        }
      },
    }),
  ]
}
