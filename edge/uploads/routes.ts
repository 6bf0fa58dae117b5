/** Files to which orders refer: `/api/uploads`. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import { contentRange } from '../http/ranges.ts'
import { once } from '../idempotency/idempotency.ts'
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import type { WithAudit } from '../audit/port.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute, type RouteRequest } from '../kernel/route.ts'
import type { Reading } from './access.ts'
import { uploadKinds, type UploadKind } from './kinds.ts'
import type { WithStandings } from '../kernel/standing.ts'
import { readerOf } from '../links/links.ts'
import { familyNames } from './media.ts'
import { readUpload, storeUpload, type UploadContext } from './upload-store.ts'
import { closedObject } from '../kernel/shapes.ts'

const tags = ['uploads']
const UploadView = Type.Object({
  id: Uuid,
  file_id: Uuid,
  url: Type.String(),
  content_type: Type.String(),
  bytes: Type.Integer(),
})
const summaries: Record<UploadKind, string> = {
  proof: 'A photo that proves the delivery',
  signature: 'A signature',
  prescription: 'A prescription',
  picture: 'A picture of oneself, for the profile',
  document: 'A paper, such as a licence; then `POST /api/documents` says whose it is',
  audio: 'A spoken answer to a request, a few minutes long',
}

/**
 * Notes the opening of a prescription beside the row of the request. A prescription is health data,
 * so the trail records the order and the purpose.
 */
function noteOpening(
  ctx: WithAudit,
  reader: Identity,
  kind: UploadKind,
  { purpose, orderId }: Reading,
  from: Pick<RouteRequest, 'address' | 'headers' | 'requestId'>,
): void {
  if (kind !== 'prescription') return
  ctx.audit.note({
    actorRole: reader.role,
    actorId: reader.userId,
    operation: `openPrescription.${purpose}`,
    targetKind: 'orders',
    targetId: orderId,
    address: from.address,
    userAgent: from.headers['user-agent'] ?? null,
    status: 200,
    code: null,
    requestId: from.requestId,
  })
}

/** The rows that take and show whole files. */
export function uploadRoutes(
  ctx: UploadContext & Pick<Kernel, 'log'> & WithAudit & WithEndedAccess & WithStandings,
): AnyRoute[] {
  return [
    ...(Object.keys(uploadKinds) as UploadKind[]).map(kind =>
      route({
        method: 'POST',
        path: `/api/uploads/${kind}`,
        operationId: `upload_${kind}`,
        summary: summaries[kind],
        tags,
        // Who waits for a decision hands in the papers for it.
        standing: kind === 'document' ? 'any' : 'carrying',
        auth: roles,
        idempotent: true,
        multipart: {
          fields: closedObject({}),
          raw: 'file',
          files: {
            file: {
              required: true,
              description: uploadKinds[kind].families
                .map(family => familyNames[family])
                .join(' or '),
            },
          },
        },
        responses: {
          201: {
            description: 'Stored; the URL goes into the order, or the answer',
            schema: UploadView,
          },
        },
        errors: [
          'unsupported_media_type',
          'file_malformed',
          'file_infected',
          'image_too_large',
          'too_many_requests',
        ],
        handler: request =>
          once(ctx, request, `upload_${kind}`, async ({ targetId }) => {
            const stored = await storeUpload(
              ctx,
              request.identity.userId,
              kind,
              targetId,
              request.parts[0]!.data,
              request.begunAtMs,
            )
            return {
              status: 201,
              body: { ...stored, file_id: stored.id },
              headers: { location: stored.url },
            }
          }),
      }),
    ),
    route({
      method: 'GET',
      path: '/api/uploads/file/:id',
      operationId: 'download',
      tags,
      auth: 'optional',
      audit: { kind: 'uploads' },
      summary:
        'A file: for its owner and the parties of the order that names it, with a token or by a link that the API gave',
      params: Type.Object({ id: Uuid }),
      query: closedObject({
        reader: Type.Optional(Uuid),
        expires: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Seconds since the epoch' }),
        ),
        signature: Type.Optional(Type.String({ maxLength: 100 })),
      }),
      responses: {
        200: { description: 'The file', contentType: 'application/octet-stream' },
        206: {
          description: 'The bytes that `Range` asks for',
          contentType: 'application/octet-stream',
        },
        302: {
          description:
            'A link into the object store, valid for a few minutes. Open it without the Authorization header',
        },
      },
      errors: ['unauthenticated', 'token_invalid'],
      handler: async request => {
        const { identity, params, query } = request
        if (identity === null && query.signature === undefined)
          throw new CaduceusError(
            'unauthenticated',
            'send the access token as "Authorization: Bearer <token>", or open the link that the order shows',
          )
        const reader = identity ?? (await readerOf(ctx, params.id.toLowerCase(), query))
        const { contentType, disposition, download, range, sizeBytes, kind, reading } =
          await readUpload(ctx, reader, params.id, request.headers)
        noteOpening(ctx, reader, kind, reading, request)
        if (download.kind === 'link') return { status: 302, headers: { location: download.url } }
        return {
          status: range === null ? 200 : 206,
          body: download.chunks,
          headers: {
            'accept-ranges': 'bytes',
            ...(range !== null && { 'content-range': contentRange(range, sizeBytes) }),
            'content-type': contentType,
            'content-disposition': disposition,
            'cache-control': 'private, max-age=3600',
            // Opened by itself the file is not a page of ours: nothing in it may run, whatever it
            // contains.
            'content-security-policy': "default-src 'none'; sandbox",
            'cross-origin-resource-policy': 'same-site',
          },
        }
      },
    }),
  ]
}
