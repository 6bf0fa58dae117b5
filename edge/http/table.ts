/**
 * The whole route table of an edge, from its features, and the descriptions that it gives of
 * itself.
 */
import { readFileSync } from 'node:fs'
import { asyncApiDocument } from '../../protocol/documents/asyncapi.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { CompressedBody } from './compression.ts'
import { openApiDocument } from './openapi.ts'
import { pageRoutes, type MapOrigins } from './pages.ts'
import { route, type AnyRoute, type RouteAnswer, type RouteRequest } from '../kernel/route.ts'
import type { SocketRow } from '../kernel/socket.ts'
import { merged } from '../kernel/compose.ts'
import type { Feature } from '../kernel/feature.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'

/**
 * Recorded answers of a feature's examples, by operationId. An operation whose answer has no body,
 * or none that can be shown, has no entry.
 */
const answersOf = ({ answers }: Feature<never>): Record<string, unknown> =>
  answers === undefined
    ? {}
    : (JSON.parse(readFileSync(assetUrl(answers), 'utf8')) as Record<string, unknown>)

/** The examples of all features, by operationId. */
export const examplesOf = (features: readonly Feature<never>[]) =>
  merged(features, ({ examples }) => examples)
/** The recorded answers of all features, by operationId. */
export const recordedAnswers = (features: readonly Feature<never>[]) => merged(features, answersOf)

/** The answer with a document of this server, compressed where the client takes it. */
function described(document: object): (request: Pick<RouteRequest, 'headers'>) => RouteAnswer {
  let text: CompressedBody | undefined
  return ({ headers }) => {
    text ??= new CompressedBody(Buffer.from(JSON.stringify(document)))
    const given = text.for(headers)
    return {
      status: 200,
      body: given.body,
      headers: { ...given.headers, 'content-type': 'application/json; charset=utf-8' },
    }
  }
}

/**
 * All rows of these features, with the pages and the two documents. `parts` are those of
 * `composeParts` for the same list.
 */
export function routeTable(
  features: readonly Feature<never>[],
  parts: Pick<Kernel, 'version'> & WithConfig<Partial<MapOrigins>>,
  sockets: readonly SocketRow[],
): AnyRoute[] {
  const { version } = parts
  const api = features.flatMap(({ routes }) => routes?.(parts as never) ?? [])
  const document = openApiDocument(api, {
    named: merged(features, ({ named }) => named),
    tags: merged(features, ({ tags }) => tags),
    examples: examplesOf(features),
    answers: recordedAnswers(features),
    version,
  })
  const messages = asyncApiDocument(version, {
    messages: merged(features, ({ messages }) => messages?.messages),
    channels: merged(features, ({ messages }) => messages?.channels),
  })
  return [
    ...api,
    ...pageRoutes(
      features.flatMap(({ pages }) => pages ?? []),
      {
        version,
        sockets: sockets.filter(row => row.alias === undefined).map(row => row.path),
        pictureOrigin: parts.config.pictureOrigin ?? null,
        styleOrigin: parts.config.styleOrigin ?? null,
      },
    ),
    route({
      method: 'GET',
      path: '/openapi.json',
      operationId: 'openapi',
      summary: 'This document',
      tags: ['system'],
      auth: 'none',
      responses: { 200: { description: 'OpenAPI 3.1' } },
      handler: described(document),
    }),
    route({
      method: 'GET',
      path: '/asyncapi.json',
      operationId: 'asyncapi',
      summary: 'The messages on NATS and on the WebSockets, as AsyncAPI 3',
      tags: ['system'],
      auth: 'none',
      responses: { 200: { description: 'AsyncAPI 3' } },
      handler: described(messages),
    }),
  ]
}
