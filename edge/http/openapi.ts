/**
 * Writes the OpenAPI 3.1 document from the route table. TypeBox schemas are JSON Schema, the schema
 * language of OpenAPI 3.1, so the document shows the very objects that validate. No part is written
 * by hand, so no part can be out of date.
 */
import Type from 'typebox'
import { errorCatalogue, type ErrorCode } from '../../protocol/kernel/errors.ts'
import type { OperationExample } from '../kernel/example.ts'
import { jsonBytesMax, type AnyRoute } from '../kernel/route.ts'
import { defaultParams } from './server.ts'

type Json = Record<string, unknown>

export interface DocumentParts {
  /** Schemas that the document names and refers to wherever they occur. */
  named: Readonly<Record<string, Type.TSchema>>
  tags: Readonly<Record<string, string>>
  /** Examples by operationId. */
  examples: Readonly<Record<string, OperationExample>>
  answers: Readonly<Record<string, unknown>>
  version: string
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'retryable', 'error'],
  description: 'RFC 9457 problem document. Switch on `code`; `error` repeats `detail`.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { enum: Object.keys(errorCatalogue) },
    retryable: {
      type: 'boolean',
      description: 'The same request may succeed if repeated unchanged',
    },
    error: { type: 'string' },
    instance: { type: 'string' },
    fields: {
      type: 'array',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, rule: { type: 'string' } },
      },
    },
    next_free: {
      type: 'array',
      items: { type: 'string', format: 'date-time' },
      description: 'With `slot_taken`: the next free slots',
    },
  },
}

/** The document of these rows. An example or an answer without a row is left out. */
export function openApiDocument(
  routes: readonly AnyRoute[],
  { named, tags, examples, answers, version }: DocumentParts,
): Json {
  const names = new Map(Object.entries(named).map(([name, schema]) => [schema as unknown, name]))
  const refer = (value: unknown, asRoot = false): unknown => {
    if (Array.isArray(value)) return value.map(item => refer(item))
    if (typeof value !== 'object' || value === null) return value
    const name = names.get(value)
    if (name !== undefined && !asRoot) return { $ref: `#/components/schemas/${name}` }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, refer(inner)]))
  }
  const paths: Record<string, Json> = {}
  for (const row of routes) {
    const path = row.path.replaceAll(/:([a-z_]+)/g, '{$1}')
    ;(paths[path] ??= {})[row.method.toLowerCase()] = operation(
      row,
      refer,
      examples[row.operationId],
      answers[row.operationId],
    )
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Caduceus',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Real-time dispatch for medical delivery. Paths outside /api are older names of the same operations.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.flatMap(row => row.tags))].map(name => ({
      name,
      ...(tags[name] !== undefined && { description: tags[name] }),
    })),
    paths,
    components: {
      schemas: {
        ...Object.fromEntries(
          Object.entries(named).map(([name, schema]) => [name, refer(schema, true)]),
        ),
        Problem: problemSchema,
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        api_key: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: "A key with the operation's x-scope",
        },
      },
    },
  }
}

function operation(
  row: AnyRoute,
  refer: (value: unknown) => unknown,
  example: OperationExample | undefined,
  answer: unknown,
): Json {
  const body = requestBody(row, refer, example)
  return {
    operationId: row.operationId,
    summary: row.summary,
    tags: row.tags,
    ...(row.alias !== undefined && { description: `Another name of ${row.alias}.` }),
    ...(row.scope !== undefined && { 'x-scope': row.scope }),
    security:
      row.auth === 'none'
        ? []
        : [
            ...(row.auth === 'optional' ? [{}] : []),
            { bearer: [] },
            ...(row.scope === undefined ? [] : [{ api_key: [] }]),
          ],
    ...(Array.isArray(row.auth) && { 'x-roles': row.auth }),
    parameters: [
      ...parameters(row.params ?? defaultParams(row.path), 'path', refer, example?.params),
      ...(row.query === undefined ? [] : parameters(row.query, 'query', refer, example?.query)),
      ...Object.entries(row.headerParameters ?? {}).map(([name, { required, description }]) => ({
        name,
        in: 'header',
        required,
        description,
        schema: { type: 'string' },
        ...(example?.headers?.[name] !== undefined && { example: example.headers[name] }),
      })),
      ...(row.idempotent === true ? [idempotencyKey] : []),
      ...(row.versioned === true && row.method !== 'GET' ? [ifMatch] : []),
    ],
    ...(body !== null && { requestBody: body }),
    ...((row.body !== undefined || row.rawBody !== undefined) && {
      'x-body-bytes-max': jsonBytesMax(row),
    }),
    responses: { ...answersOf(row, refer, example, answer), ...problems(row) },
  }
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 200 },
  description: 'A repeat with the same key gets the first answer.',
}

const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 200 },
  description:
    'The ETag of the record as it was read. A record that has changed since stays as it is.',
}

function parameters(
  schema: Type.TSchema,
  where: 'path' | 'query',
  refer: (value: unknown) => unknown,
  example: Readonly<Json> = {},
): Json[] {
  const { properties = {}, required = [] } = schema as { properties?: Json; required?: string[] }
  return Object.entries(properties).map(([name, of]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: refer(of),
    ...(example[name] !== undefined && { example: example[name] }),
  }))
}

function requestBody(
  row: AnyRoute,
  refer: (value: unknown) => unknown,
  example: OperationExample | undefined,
): Json | null {
  const content: Json = {}
  if (row.body !== undefined)
    content['application/json'] = {
      schema: refer(row.body),
      ...(example?.body !== undefined && { example: example.body }),
    }
  if (row.multipart !== undefined) {
    const { fields, files, raw } = row.multipart
    const { properties = {}, required = [] } = fields as { properties?: Json; required?: string[] }
    const fileProperties = Object.fromEntries(
      Object.entries(files).map(([name, { description }]) => [
        name,
        { type: 'string', contentMediaType: 'application/octet-stream', description },
      ]),
    )
    const requiredFiles = Object.entries(files)
      .filter(([, file]) => file.required)
      .map(([name]) => name)
    content['multipart/form-data'] = {
      schema: {
        type: 'object',
        properties: { ...(refer(properties) as Json), ...fileProperties },
        required: [...required, ...requiredFiles],
      },
      ...(example?.files !== undefined && {
        example: { ...(example.body as Json | undefined), ...example.files },
      }),
    }
    if (raw !== undefined)
      for (const type of ['image/*', 'audio/*', 'application/pdf']) content[type] = {}
  }
  if (row.rawBody !== undefined)
    for (const type of row.rawBody.contentTypes)
      content[type] = type === example?.raw?.contentType ? { example: example.raw.text } : {}
  if (row.streamedBody !== undefined)
    content[row.streamedBody.contentType] =
      example?.raw === undefined ? {} : { example: example.raw.text }
  if (Object.keys(content).length === 0) return null
  const { required = [] } = (row.body ?? {}) as { required?: string[] }
  const bounded =
    row.body === undefined && row.rawBody === undefined
      ? {}
      : {
          description: `${row.multipart === undefined ? 'At most' : 'As JSON, at most'} ${jsonBytesMax(row)} bytes`,
        }
  return {
    ...bounded,
    required:
      row.multipart !== undefined ||
      row.rawBody !== undefined ||
      (row.streamedBody !== undefined && row.streamedBody.optional !== true) ||
      required.length > 0,
    content,
  }
}

function answersOf(
  row: AnyRoute,
  refer: (value: unknown) => unknown,
  example: OperationExample | undefined,
  answer: unknown,
): Json {
  return Object.fromEntries(
    Object.entries(row.responses).map(([status, { description, schema, contentType }]) => [
      status,
      {
        description,
        ...((schema !== undefined || contentType !== undefined) && {
          content: {
            [contentType ?? 'application/json']: {
              ...(schema !== undefined && { schema: refer(schema) }),
              ...(answer !== undefined &&
                Number(status) === example?.status && { example: answer }),
            },
          },
        }),
      },
    ]),
  )
}

/** All error codes with which the row can answer. */
function errorsOf(row: AnyRoute): ErrorCode[] {
  const codes = new Set<ErrorCode>(row.errors ?? [])
  if (
    (row.query !== undefined && row.ownQuery !== true) ||
    row.body !== undefined ||
    row.multipart !== undefined
  )
    codes.add('invalid_request')
  if (row.body !== undefined) codes.add('invalid_json')
  if (row.streamedBody !== undefined)
    codes
      .add('invalid_request')
      .add('body_too_large')
      .add('body_too_slow')
      .add('too_many_requests')
      .add('overloaded')
  if (row.rawBody !== undefined && row.rawBody.oversized === undefined)
    codes.add('invalid_request').add('body_too_large')
  if (row.body !== undefined || row.multipart !== undefined)
    codes.add('body_too_large').add('unsupported_media_type')
  if (row.body !== undefined || row.multipart !== undefined || row.rawBody !== undefined)
    codes.add('body_too_slow').add('too_many_requests').add('overloaded')
  if (row.auth !== 'none') codes.add('token_invalid')
  if (Array.isArray(row.auth)) codes.add('unauthenticated').add('forbidden')
  if (row.auth !== 'none' && row.standing !== 'any') {
    if (row.auth === 'optional' || row.auth.includes('vendor')) codes.add('vendor_not_active')
    if (row.standing !== 'driver' && (row.auth === 'optional' || row.auth.includes('driver')))
      codes.add('driver_not_member')
  }
  if (row.path.includes(':')) codes.add('not_found')
  if (row.idempotent === true) codes.add('idempotency_key_reused')
  if (row.versioned === true && row.method !== 'GET') codes.add('precondition_failed')
  codes.add('too_many_requests')
  return [...codes.add('unavailable').add('overloaded').add('internal')]
}

function problems(row: AnyRoute): Json {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of errorsOf(row)) {
    const status =
      row.shapeError === undefined
        ? errorCatalogue[code].http
        : row.shapeError(code, { status: errorCatalogue[code].http, error: '' }).status
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const schema =
    row.shapeError === undefined
      ? { $ref: '#/components/schemas/Problem' }
      : {
          type: 'object',
          required: ['error', 'code'],
          properties: { error: { type: 'string' }, code: { type: 'string' } },
        }
  const contentType = row.shapeError === undefined ? 'application/problem+json' : 'application/json'
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map(code => `\`${code}\`: ${errorCatalogue[code].title}`).join('; '),
        content: { [contentType]: { schema } },
      },
    ]),
  )
}
