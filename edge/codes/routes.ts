/**
 * Codes: `/api/qr`. A code of any text, of an order's tracking link or of an appointment's check-in,
 * and the codes of a picture. Neither texts nor pictures are kept.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { findAppointment } from '../appointments/reads.ts'
import type { WithAudit } from '../audit/port.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import type { Kernel, WithConfig, WithMetrics } from '../kernel/kernel.ts'
import { route, type AnyRoute, type RouteAnswer, type RouteRequest } from '../kernel/route.ts'
import { closedObject } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { findOrder } from '../orders/reads.ts'
import type { TrackingConfig } from '../tracking/config.ts'
import { linkEndsAtMs } from '../tracking/link.ts'
import { codeLimits } from './limits.ts'
import type { CodeMetrics } from './metrics.ts'
import { readSymbologies, type CodeReader } from './reader.ts'
import { pictureFormats, writtenSymbologies, type CodeWriter, type WritingJob } from './writer.ts'

export type CodeContext = Pick<Kernel, 'database' | 'nowMs'> &
  WithAudit &
  WithConfig<KernelConfig & TrackingConfig> &
  WithMetrics<CodeMetrics> & { readonly codeReader: CodeReader; readonly codeWriter: CodeWriter }

const tags = ['codes']
const keyDescription = `The text of the code: at most ${codeLimits.qrBytesMax} bytes in UTF-8, and ${codeLimits.dataMatrixBytesMax} for a data_matrix`
const look = {
  symbology: Type.Optional(
    Type.Enum([...writtenSymbologies], { description: 'qr_code unless stated' }),
  ),
  format: Type.Optional(Type.Enum([...pictureFormats], { description: 'png unless stated' })),
}
const image = {
  200: { description: 'The code: image/png, or image/svg+xml', contentType: 'image/png' },
}
const ScanView = Type.Object({
  codes: Type.Array(
    Type.Object({
      text: Type.String({
        description: 'The content as text; the separator of GS1 stays the character U+001D',
      }),
      symbology: Type.Enum([...readSymbologies]),
      symbology_identifier: Type.String({ description: 'After ISO/IEC 15424, such as ]Q1' }),
      gs1: Type.Boolean({ description: 'The content is GS1 element strings' }),
      bytes: Type.String({ description: 'The content in base64' }),
      corners: Type.Array(Type.Object({ x: Type.Integer(), y: Type.Integer() }), {
        description: "In pixels, clockwise from the code's own top left",
      }),
    }),
  ),
})

const contentTypes: Readonly<Record<WritingJob['format'], string>> = {
  png: 'image/png',
  svg: 'image/svg+xml',
}

/** The answer with the picture of a code. `field` is the caller's name for the text. */
async function pictureOf(
  { codeWriter }: CodeContext,
  { userId }: Identity,
  text: string,
  { symbology = 'qr_code', format = 'png' }: Partial<WritingJob>,
  field: string,
): Promise<RouteAnswer> {
  return {
    status: 200,
    body: await codeWriter.write(userId, { text, symbology, format }, field),
    headers: {
      'content-type': contentTypes[format],
      'cache-control': 'private, no-store',
      'content-security-policy': "default-src 'none'; sandbox",
    },
  }
}

/**
 * The public tracking link of an order, for a caller whose view of the order has it. Throws
 * `order_not_found`, `forbidden` for a caller who sees the order without its link, and
 * `tracking_expired`.
 */
async function trackingLink(
  ctx: CodeContext,
  identity: Identity,
  orderId: string,
  origin: string | null,
): Promise<string> {
  const order = await findOrder(ctx, identity, orderId)
  if (order.tracking_token === '')
    throw new CaduceusError(
      'forbidden',
      'the tracking link of an order is for its customer and its pharmacy',
    )
  const endsAtMs = linkEndsAtMs(ctx.config, order)
  if (endsAtMs !== null && ctx.nowMs() >= endsAtMs)
    throw new CaduceusError('tracking_expired', 'this delivery is over, and so is its link')
  return `${origin ?? `http://${ctx.config.host}:${ctx.config.port}`}/track/${order.tracking_token}`
}

/**
 * The text that a pharmacy scans to receive the customer; it is the `code` of the check-in. Only the
 * customer has it. Throws `appointment_not_found`, `forbidden`.
 */
async function checkInText(ctx: CodeContext, identity: Identity, id: string): Promise<string> {
  const { record } = await findAppointment(ctx.database.kysely, identity, id)
  if (identity.role !== 'user')
    throw new CaduceusError('forbidden', 'the check-in code of an appointment is for its customer')
  return `caduceus:check-in:${id}:${record.check_in_code}`
}

/** Notes who took an order's link out as a picture. A code of another text is nobody's record. */
function noteLink(
  { audit }: WithAudit,
  orderId: string,
  { identity, address, headers, requestId }: RouteRequest<unknown, unknown, unknown, Identity>,
): void {
  audit.note({
    actorRole: identity.role,
    actorId: identity.userId,
    operation: 'generateCode',
    targetKind: 'orders',
    targetId: orderId,
    address,
    userAgent: headers['user-agent'] ?? null,
    status: 200,
    code: null,
    requestId,
  })
}

/** The rows of `/api/qr`. */
export function codeRoutes(ctx: CodeContext): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path: '/api/qr/generate',
      operationId: 'generateCode',
      summary:
        "A QR code or a DataMatrix of a text, of an order's tracking link, or of an appointment's check-in",
      tags,
      auth: roles,
      audit: false,
      body: closedObject({
        key: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: codeLimits.qrBytesMax,
            description: keyDescription,
          }),
        ),
        order_id: Type.Optional(Uuid),
        appointment_id: Type.Optional(Uuid),
        ...look,
      }),
      responses: image,
      errors: [
        'order_not_found',
        'appointment_not_found',
        'forbidden',
        'tracking_expired',
        'overloaded',
      ],
      handler: async request => {
        const { identity, body, origin } = request
        const { key, order_id: orderId, appointment_id: appointmentId } = body
        if (appointmentId !== undefined) {
          if (key !== undefined || orderId !== undefined)
            throw invalid([
              { field: 'appointment_id', rule: 'must not be given together with key or order_id' },
            ])
          const text = await checkInText(ctx, identity, appointmentId)
          return pictureOf(ctx, identity, text, body, 'appointment_id')
        }
        if (orderId === undefined) {
          if (key === undefined)
            throw invalid([{ field: 'key', rule: 'is required, unless order_id is given' }])
          return pictureOf(ctx, identity, key, body, 'key')
        }
        if (key !== undefined)
          throw invalid([{ field: 'order_id', rule: 'must not be given together with key' }])
        const link = await trackingLink(ctx, identity, orderId, origin)
        noteLink(ctx, orderId, request)
        return pictureOf(ctx, identity, link, body, 'order_id')
      },
    }),
    route({
      method: 'GET',
      path: '/api/qr/generate/:key',
      operationId: 'showCode',
      summary: 'A QR code or a DataMatrix of the text in the path, percent-encoded',
      tags,
      auth: roles,
      audit: false,
      // A path that breaks a rule of its schema is not found; the writer names the rule instead.
      params: Type.Object({ key: Type.String({ description: keyDescription }) }),
      query: closedObject(look),
      responses: image,
      errors: ['overloaded'],
      handler: ({ identity, params, query }) => pictureOf(ctx, identity, params.key, query, 'key'),
    }),
    route({
      method: 'POST',
      path: '/api/qr/scan',
      operationId: 'scanCodes',
      summary: `The QR, DataMatrix and Code 128 codes of a picture, at most ${codeLimits.codesMax}`,
      tags,
      standing: 'carrying',
      auth: roles,
      audit: false,
      multipart: {
        fields: closedObject({}),
        raw: 'file',
        files: { file: { required: true, description: 'PNG or JPEG' } },
      },
      responses: {
        200: { description: 'The codes; an empty list when there is none', schema: ScanView },
      },
      errors: ['unsupported_media_type', 'file_malformed', 'image_too_large', 'overloaded'],
      handler: async ({ identity, parts }) => {
        const beganMs = ctx.nowMs()
        let outcome = 'refused'
        try {
          const codes = await ctx.codeReader.read(identity.userId, parts[0]!.data)
          outcome = codes.length > 0 ? 'codes' : 'none'
          return { status: 200, body: { codes } }
        } finally {
          ctx.metrics.picturesRead.inc({ outcome })
          ctx.metrics.pictureSeconds.observe((ctx.nowMs() - beganMs) / 1_000)
        }
      },
    }),
  ]
}
