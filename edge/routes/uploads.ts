/** Files that orders refer to: `/api/uploads`. */
import Type from 'typebox'
import { Uuid } from '../../protocol/principal.ts'
import { roles } from '../accounts/identity.ts'
import { once } from '../dispatch/idempotency.ts'
import type { EdgeContext } from '../context.ts'
import { route, type AnyRoute } from '../http/route.ts'
import { closedObject } from './shapes.ts'
import { readUpload, storeUpload, uploadKinds, type UploadContext, type UploadKind } from './upload-store.ts'

const tags = ['uploads']
const UploadView = Type.Object({ id: Uuid, file_id: Uuid, url: Type.String(), content_type: Type.String(), bytes: Type.Integer() })
const summaries: Record<UploadKind, string> = {
  proof: 'A photo that proves the delivery', signature: 'A signature', prescription: 'A prescription',
}

export function uploadRoutes(ctx: UploadContext & Pick<EdgeContext, 'log'>): AnyRoute[] {
  return [
    ...uploadKinds.map(kind => route({
      method: 'POST', path: `/api/uploads/${kind}`, operationId: `upload_${kind}`, summary: summaries[kind], tags, auth: roles, idempotent: true,
      multipart: { fields: closedObject({}), files: { file: { required: true, description: 'JPEG, PNG, WebP or PDF' } }, raw: 'file' },
      responses: { 201: { description: 'Stored; the URL goes into the order', schema: UploadView } }, errors: ['unsupported_media_type'],
      handler: request => once(ctx, request, `upload_${kind}`, async ({ targetId }) => {
        const stored = await storeUpload(ctx, request.identity.userId, kind, targetId, request.parts[0]!.data)
        return { status: 201, body: { ...stored, file_id: stored.id }, headers: { location: stored.url } }
      }),
    })),
    route({
      method: 'GET', path: '/api/uploads/file/:id', operationId: 'download', summary: 'A file: for its owner and the parties of the order that names it', tags, auth: roles,
      params: Type.Object({ id: Uuid }),
      responses: { 200: { description: 'The file', contentType: 'application/octet-stream' } },
      handler: async ({ identity, params }) => {
        const { contentType, data } = await readUpload(ctx, identity, params.id)
        return {
          status: 200, body: data,
          headers: {
            'content-type': contentType, 'cache-control': 'private, max-age=3600',
            'content-disposition': `inline; filename="${params.id}.${contentType.split('/')[1]!}"`,
            'content-security-policy': "default-src 'none'; sandbox",
          },
        }
      },
    }),
  ]
}
