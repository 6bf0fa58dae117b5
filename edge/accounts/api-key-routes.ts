/**
 * API keys for other services: `/api/admin/api-keys`. An administrator makes one for each service,
 * so that each can be revoked alone.
 */
import Type from 'typebox'
import { createApiKey, listApiKeys, revokeApiKey, type ApiKeyRow } from './api-keys.ts'
import { scopes } from '../../protocol/accounts/scopes.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { accountLimits } from './account-limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import {
  closedObject,
  nextCursor,
  nullable,
  page,
  paged,
  PersonName,
  Timestamp,
} from '../kernel/shapes.ts'

const tags = ['admin']
const Scope = Type.Enum([...scopes])
export const ApiKeyView = Type.Object({
  id: Uuid,
  name: Type.String(),
  prefix: Type.String({ description: 'The first characters of the key' }),
  scopes: Type.Array(Scope),
  created_by: Uuid,
  created_at: Timestamp,
  expires_at: nullable(Timestamp),
  last_used_at: nullable(Timestamp),
  revoked_at: nullable(Timestamp),
})
const view = ({
  id,
  name,
  prefix,
  scopes,
  created_by,
  created_at,
  expires_at,
  last_used_at,
  revoked_at,
}: ApiKeyRow) => ({
  id,
  name,
  prefix,
  scopes,
  created_by,
  created_at,
  expires_at,
  last_used_at,
  revoked_at,
})

/** The rows of `/api/admin/api-keys`. */
export function apiKeyRoutes(ctx: Pick<Kernel, 'database' | 'nowMs' | 'random'>): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path: '/api/admin/api-keys',
      operationId: 'createApiKey',
      tags,
      auth: ['admin'],
      summary:
        'Make a key for a service, to be sent as "Authorization: Bearer cad_..." or X-API-Key; the answer shows it only once',
      body: closedObject({
        name: PersonName,
        scopes: Type.Array(Scope, { minItems: 1, maxItems: scopes.length }),
        expires_in_days: Type.Optional(
          Type.Integer({ minimum: 1, maximum: accountLimits.apiKeyDaysMax }),
        ),
      }),
      responses: {
        201: {
          description: 'The key',
          schema: Type.Object({ ...ApiKeyView.properties, key: Type.String() }),
        },
      },
      audit: { kind: 'api-keys' },
      handler: async ({ identity, body }) => {
        const { key, row } = await createApiKey(ctx, identity.userId, body)
        return {
          status: 201,
          headers: { location: `/api/admin/api-keys/${row.id}` },
          body: { ...view(row), key },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/admin/api-keys',
      operationId: 'listApiKeys',
      summary: 'The keys, newest first, without their secrets',
      tags,
      auth: ['admin'],
      query: closedObject(page),
      audit: { kind: 'api-keys' },
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ api_keys: Type.Array(ApiKeyView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ query: { limit = limits.listLimitDefault, cursor } }) => {
        const { rows, next_cursor } = paged(await listApiKeys(ctx, limit + 1, cursor), limit)
        return { status: 200, body: { api_keys: rows.map(view), next_cursor } }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/admin/api-keys/:id',
      operationId: 'revokeApiKey',
      summary: 'End a key at once',
      tags,
      auth: ['admin'],
      params: Type.Object({ id: Uuid }),
      audit: { kind: 'api-keys' },
      responses: { 200: { description: 'The key, revoked', schema: ApiKeyView } },
      handler: async ({ params }) => ({
        status: 200,
        body: view(await revokeApiKey(ctx, params.id)),
      }),
    }),
  ]
}
