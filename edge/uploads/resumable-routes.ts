/**
 * `/api/uploads/resumable`: files in parts over unreliable networks, by tus 1.0, so that existing
 * clients work with it. The file becomes the same record as that of `POST /api/uploads/{kind}`.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { roles } from '../kernel/identity.ts'
import { route, type AnyRoute, type HeaderParameter, type RouteAnswer } from '../kernel/route.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { uploadKinds, type UploadKind } from './kinds.ts'
import type { UploadContext } from './upload-store.ts'
import {
  discovery,
  partType,
  readChecksum,
  readKind,
  readLength,
  readOffset,
  requireVersion,
  tusVersion,
} from './resumable-headers.ts'
import {
  begin,
  expiresAt,
  find,
  finishedFile,
  receive,
  remove,
  type ResumableRow,
} from './resumable-store.ts'

const tags = ['uploads']
const path = '/api/uploads/resumable'
const UploadId = Type.Object({ id: Uuid })
const FileView = Type.Object({
  id: Uuid,
  file_id: Uuid,
  url: Type.String(),
  content_type: Type.String(),
  bytes: Type.Integer(),
})
const ResumableView = Type.Object({
  id: Uuid,
  kind: Type.Enum(Object.keys(uploadKinds) as UploadKind[]),
  length: Type.Integer({ description: 'bytes of the whole file' }),
  offset: Type.Integer({ description: 'bytes that have arrived: the next part begins here' }),
  expires_at: Timestamp,
  file: nullable(FileView),
})

const version: HeaderParameter = {
  required: true,
  description: `The version of tus that the client speaks: ${tusVersion}`,
}
const checksum: HeaderParameter = {
  required: false,
  description: 'sha256, sha1 or md5, a space, and the checksum of the part in Base64',
}
const errors = [
  'tus_version_unsupported',
  'unsupported_media_type',
  'file_malformed',
  'file_infected',
  'image_too_large',
  'upload_offset_conflict',
  'checksum_mismatch',
] as const

/** The rows of `/api/uploads/resumable`. */
export function resumableRoutes(ctx: UploadContext): AnyRoute[] {
  const { uploadBytesMax } = ctx.config
  /** Headers of every answer, also of refusals. */
  const always = { 'tus-resumable': tusVersion, 'tus-version': tusVersion }
  const options = { ...always, ...discovery(uploadBytesMax) }
  const part = { contentType: partType, description: 'Bytes of the file, from Upload-Offset on' }

  const headersOf = (row: ResumableRow): Record<string, string> => ({
    'upload-offset': String(row.received),
    'upload-length': String(row.bytes_count),
    'upload-expires': expiresAt(row).toUTCString(),
    ...(row.metadata !== '' && { 'upload-metadata': row.metadata }),
    'cache-control': 'no-store',
  })
  const viewOf = async (row: ResumableRow) => {
    const file = await finishedFile(ctx, row)
    return {
      id: row.id,
      kind: row.kind,
      length: row.bytes_count,
      offset: row.received,
      expires_at: expiresAt(row).toISOString(),
      file: file === null ? null : { ...file, file_id: file.id },
    }
  }

  return [
    route({
      method: 'POST',
      path,
      operationId: 'beginUpload',
      standing: 'carrying',
      summary: 'Begin a file that comes in parts (tus 1.0)',
      tags,
      auth: roles,
      answerHeaders: always,
      options,
      headerParameters: {
        'Tus-Resumable': version,
        'Upload-Length': { required: true, description: 'Bytes of the whole file' },
        'Upload-Metadata': {
          required: true,
          description:
            'Pairs of a key and its value in Base64; `kind` says what the file is for: proof, signature, prescription or audio',
        },
        'Upload-Checksum': checksum,
      },
      streamedBody: { ...part, optional: true },
      responses: {
        201: {
          description:
            'Begun; its parts are sent to Location. Upload-Offset tells how much of a body has arrived',
          schema: ResumableView,
        },
      },
      errors,
      handler: async ({ identity, headers, stream }): Promise<RouteAnswer> => {
        requireVersion(headers)
        const { kind, metadata } = readKind(headers)
        const length = readLength(headers, Math.min(uploadKinds[kind].bytesMax, uploadBytesMax))
        const verify = readChecksum(headers)
        let row = await begin(ctx, identity.userId, { kind, metadata, length })
        if (stream.hasBody) row = await receive(ctx, row, 0, stream, verify)
        return {
          status: 201,
          body: await viewOf(row),
          headers: { location: `${path}/${row.id}`, ...headersOf(row) },
        }
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:id`,
      operationId: 'getUpload',
      standing: 'carrying',
      summary: 'The progress of an upload; HEAD answers it in headers only',
      tags,
      auth: roles,
      params: UploadId,
      audit: false,
      answerHeaders: always,
      options,
      responses: {
        200: {
          description: 'The bytes that have arrived, and the file once it is complete',
          schema: ResumableView,
        },
      },
      handler: async ({ identity, params }) => {
        const row = await find(ctx, identity.userId, params.id)
        return { status: 200, body: await viewOf(row), headers: headersOf(row) }
      },
    }),
    route({
      method: 'PATCH',
      path: `${path}/:id`,
      operationId: 'continueUpload',
      standing: 'carrying',
      summary: 'Send the next part; bytes that arrive are kept, also when the connection breaks',
      tags,
      auth: roles,
      params: UploadId,
      audit: false,
      answerHeaders: always,
      options,
      headerParameters: {
        'Tus-Resumable': version,
        'Upload-Offset': {
          required: true,
          description: 'Where the part begins: the bytes that have arrived',
        },
        'Upload-Checksum': checksum,
      },
      streamedBody: part,
      responses: {
        200: {
          description: 'As 204, for a caller that accepts application/json',
          schema: ResumableView,
        },
        204: {
          description: 'Arrived up to Upload-Offset; after the last part Location names the file',
        },
      },
      errors,
      handler: async ({ identity, params, headers, stream }): Promise<RouteAnswer> => {
        requireVersion(headers)
        if (!stream.hasBody)
          throw new CaduceusError('unsupported_media_type', `a part is of the type ${partType}`)
        const verify = readChecksum(headers)
        const offset = readOffset(headers)
        const row = await receive(
          ctx,
          await find(ctx, identity.userId, params.id),
          offset,
          stream,
          verify,
        )
        const view = await viewOf(row)
        const answered = {
          ...headersOf(row),
          ...(view.file !== null && { location: view.file.url }),
        }
        return /\bapplication\/json\b/.test(headers['accept'] ?? '')
          ? { status: 200, body: view, headers: answered }
          : { status: 204, headers: answered }
      },
    }),
    route({
      method: 'DELETE',
      path: `${path}/:id`,
      operationId: 'endUpload',
      standing: 'carrying',
      summary: 'Delete an upload; the file of a finished upload stays',
      tags,
      auth: roles,
      params: UploadId,
      audit: false,
      answerHeaders: always,
      options,
      headerParameters: { 'Tus-Resumable': version },
      responses: { 204: { description: 'Deleted' } },
      errors: ['tus_version_unsupported'],
      handler: async ({ identity, params, headers }) => {
        requireVersion(headers)
        await remove(ctx, (await find(ctx, identity.userId, params.id)).id)
        return { status: 204 }
      },
    }),
  ]
}
