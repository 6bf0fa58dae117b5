/**
 * The older broadcast API: `/medicine/request/` and `/medicine/response/`. They are the same
 * requests under other names; only the shapes differ, as its documentation shows them.
 */
import Type from 'typebox'
import { commandSchemas } from '../../protocol/dispatch/commands.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { CaduceusError, errorCatalogue } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { Identity } from '../kernel/identity.ts'
import { derivedId } from '../kernel/derived-id.ts'
import { once, withBody } from '../idempotency/idempotency.ts'
import { acceptanceMoney } from '../../protocol/orders/said-money.ts'
import { respondToRequest, type PharmacyAnswer } from '../orders/respond.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { countOrders, listOrders } from '../orders/reads.ts'
import type { OrderContext } from '../orders/terms.ts'
import { openRequest, respondedAt, ResponseType } from './routes.ts'
import {
  closedObject,
  nextCursor,
  nullable,
  page,
  sanjevaniError,
  Text,
  Timestamp,
  Url,
} from '../kernel/shapes.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { absolute } from '../links/absolute.ts'
import { ownPath } from '../links/own-urls.ts'
import { signedUrl } from '../links/links.ts'
import { discardUpload } from '../uploads/orphans.ts'
import { storeUpload, type UploadContext } from '../uploads/upload-store.ts'

const tags = ['broadcast (older API)']
/** Bound of the count: more requests than anybody reads. Counting them takes a few milliseconds. */
const countMax = 10_000
const broadcast = commandSchemas.order.broadcast.properties
const Form = closedObject({
  patient_lat: Latitude,
  patient_lng: Longitude,
  radius_km: broadcast.radius_km,
  quantity: broadcast.quantity,
  notes: broadcast.notes,
  expires_in_seconds: Type.Optional(broadcast.expires_in_seconds),
})
const answerFields = {
  request_id: Uuid,
  response_type: ResponseType,
  text_message: Type.Optional(nullable(Text)),
  ...acceptanceMoney,
}
const Medicine = Type.Object({
  id: Uuid,
  patient_name: Type.String(),
  patient_lat: Latitude,
  patient_lng: Longitude,
  radius_km: nullable(Type.Number()),
  quantity: nullable(Type.Integer()),
  image: nullable(Type.String()),
  status: Type.String(),
  pharmacy: nullable(Uuid),
  pharmacy_name: nullable(Type.String()),
  created_at: Timestamp,
})

/**
 * A request in the shape of the older API. Its clients open the image without a token, so the image
 * is a signed link for the reader.
 */
function medicineView(
  ctx: OrderContext,
  { identity, origin }: { identity: Identity; origin: string | null },
  view: OrderView,
): Type.Static<typeof Medicine> {
  const image =
    view.prescription_url === null
      ? null
      : absolute(signedUrl(ctx, identity.userId, view.prescription_url), origin)
  return {
    id: view.id,
    patient_name: view.customer_name,
    patient_lat: view.delivery_latitude,
    patient_lng: view.delivery_longitude,
    radius_km: view.radius_km,
    quantity: view.quantity,
    image,
    status: view.status.toUpperCase(),
    pharmacy: view.vendor_id,
    pharmacy_name: view.vendor_name,
    created_at: view.created_at,
  }
}

/** Id of an answer. It is the same whenever the pharmacy repeats the answer, under any command. */
const answerId = ({ requestId, pharmacyId, response_type }: PharmacyAnswer): string =>
  derivedId(`answer\0${requestId}\0${pharmacyId}\0${response_type}`)

/**
 * Refusals after which the answer is not stored. After any other error the order may have it.
 */
const isFinal = (error: unknown): boolean =>
  error instanceof CaduceusError && !errorCatalogue[error.code].retryable

/** The row that lists the caller's requests; `/customer/requests` is the same for customers. */
export const medicineListRow = (ctx: OrderContext): AnyRoute =>
  route({
    method: 'GET',
    path: '/medicine/request',
    operationId: 'sanjevaniRequests',
    summary: "The caller's requests, newest first",
    tags,
    auth: ['user', 'vendor', 'admin'],
    alias: '/api/requests',
    shapeError: sanjevaniError,
    query: closedObject(page),
    responses: {
      200: {
        description: 'A page',
        schema: Type.Object({
          count: Type.Integer({ description: `Of all pages; counting ends at ${countMax}` }),
          requests: Type.Array(Medicine),
          next_cursor: nextCursor,
        }),
      },
    },
    handler: async request => {
      const { identity, query } = request
      const { orders, next_cursor } = await listOrders(ctx, identity, {
        ...query,
        kind: 'broadcast',
      })
      const count = await countOrders(ctx, identity, { kind: 'broadcast' }, countMax)
      return {
        status: 200,
        body: {
          count,
          requests: orders.map(order => medicineView(ctx, request, order)),
          next_cursor,
        },
      }
    },
  })

/** The rows of `/medicine/request` and `/medicine/response`. */
export function medicineRoutes(ctx: OrderContext & UploadContext): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path: '/medicine/request',
      operationId: 'sanjevaniRequest',
      tags,
      auth: ['user'],
      alias: '/api/requests',
      shapeError: sanjevaniError,
      idempotent: true,
      summary: 'Ask the pharmacies nearby, with a picture of the prescription',
      body: Form,
      multipart: {
        fields: Form,
        files: {
          image: { required: false, description: 'The prescription as JPEG, PNG, WebP or PDF' },
        },
      },
      responses: {
        201: {
          description: 'Asked',
          schema: Type.Object({
            message: Type.String(),
            request_id: Uuid,
            pharmacies_notified: Type.Integer(),
            data: Medicine,
          }),
        },
      },
      errors: ['unsupported_media_type', 'too_many_open_requests', 'orders_paused'],
      handler: async request =>
        withBody(
          await once(ctx, request, 'sanjevaniRequest', async ids => {
            const { patient_lat, patient_lng, ...rest } = request.body
            const image = request.parts.at(0)
            const stored =
              image === undefined
                ? null
                : await storeUpload(
                    ctx,
                    request.identity.userId,
                    'prescription',
                    uuidV7(ctx.nowMs(), ctx.random),
                    image.data,
                    ctx.nowMs(),
                  )
            const order = await openRequest(ctx, request, ids, {
              latitude: patient_lat,
              longitude: patient_lng,
              ...rest,
              ...(stored !== null && { prescription_url: uploadUrl(stored.id) }),
            })
            const notified = order.pharmacies_notified ?? 0
            return {
              status: 201,
              body: {
                message: `Medicine request sent to ${notified} nearby ${notified === 1 ? 'pharmacy' : 'pharmacies'}`,
                request_id: order.id,
                pharmacies_notified: notified,
                data: order,
              },
            }
          }),
          ({ data, ...body }: { data: OrderView }) => ({
            ...body,
            data: medicineView(ctx, request, data),
          }),
        ),
    }),
    medicineListRow(ctx),
    route({
      method: 'POST',
      path: '/medicine/response',
      operationId: 'sanjevaniResponse',
      summary: 'A pharmacy accepts or rejects',
      tags,
      auth: ['vendor'],
      alias: '/api/requests/{id}/responses',
      shapeError: sanjevaniError,
      idempotent: true,
      body: closedObject({ ...answerFields, audio: Type.Optional(nullable(Url)) }),
      multipart: {
        fields: closedObject(answerFields),
        files: {
          audio: { required: false, description: 'A spoken answer as MP3, Ogg, WebM, WAV or M4A' },
        },
      },
      rate: 'write',
      responses: {
        201: {
          description: 'Recorded',
          schema: Type.Object({
            id: Type.String(),
            request_id: Uuid,
            pharmacy_id: Uuid,
            pharmacy_name: nullable(Type.String()),
            response_type: ResponseType,
            text_message: nullable(Type.String()),
            audio: nullable(Type.String()),
            responded_at: Timestamp,
            message: Type.String(),
          }),
        },
      },
      errors: [
        'request_already_assigned',
        'request_not_offered',
        'request_expired',
        'request_cancelled',
        'order_not_found',
        'price_required',
      ],
      handler: async request =>
        withBody(
          await once(ctx, request, 'sanjevaniResponse', async ({ commandId, targetId }) => {
            const { request_id, response_type, text_message, goods_amount, tax_amount } =
              request.body
            const given = 'audio' in request.body ? request.body.audio : null
            const pharmacyId = request.principal.id
            const spoken = request.parts.at(0)
            const stored =
              spoken === undefined
                ? null
                : await storeUpload(
                    ctx,
                    request.identity.userId,
                    'audio',
                    targetId,
                    spoken.data,
                    request.begunAtMs,
                  )
            const audioUrl = stored?.url ?? (given ? ownPath(given, request.origin) : undefined)
            const answer: PharmacyAnswer = {
              pharmacyId,
              person: request.identity.userId,
              requestId: request_id,
              commandId,
              response_type,
              money: { goods_amount, tax_amount },
              ...(text_message && { text_message }),
              ...(audioUrl !== undefined && { audio_url: audioUrl }),
            }
            const { order } = await respondToRequest(ctx, answer, request).catch(
              async (error: unknown) => {
                if (stored !== null && isFinal(error)) await discardUpload(ctx, stored.id)
                throw error
              },
            )
            // A pharmacy that answers again hears its first answer, with the sound of that one.
            const first = order.responses.find(known => known.vendor_id === pharmacyId)
            if (stored !== null && first !== undefined && first.audio_url !== stored.url)
              await discardUpload(ctx, stored.id)
            const pharmacy = await ctx.database.kysely
              .selectFrom('vendors')
              .select('business_name')
              .where('id', '=', pharmacyId)
              .executeTakeFirst()
            return {
              status: 201,
              body: {
                id: answerId(answer),
                request_id,
                pharmacy_id: pharmacyId,
                pharmacy_name: pharmacy?.business_name ?? null,
                response_type,
                audio: stored === null ? null : first === undefined ? stored.url : first.audio_url,
                responded_at: respondedAt(ctx, answer, order),
                message: 'Response recorded. Customer will be notified.',
              },
            }
          }),
          ({ audio, ...body }: { audio: string | null }) => ({
            ...body,
            text_message: request.body.text_message ?? null,
            audio:
              audio === null
                ? (('audio' in request.body ? request.body.audio : null) ?? null)
                : absolute(signedUrl(ctx, request.identity.userId, audio), request.origin),
          }),
        ),
    }),
  ]
}
