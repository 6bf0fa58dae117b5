/**
 * The pages people look at: files of edge/web as they are in the source tree. Served by the same
 * table as the API, so they have the same headers, metrics and refusals; a page that does not exist
 * is a 404 and no failure of the start.
 */
import { readFile } from 'node:fs/promises'
import Type from 'typebox'
import { assetUrl } from '../../protocol/assets.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { prefersJson } from './headers.ts'
import { route, type AnyRoute, type RouteAnswer } from './route.ts'

const pages = [
  { path: '/', file: 'index.html', operationId: 'indexPage' },
  { path: '/docs', file: 'docs.html', operationId: 'docsPage' },
  { path: '/live', file: 'live.html', operationId: 'livePage' },
  { path: '/terminal', file: 'terminal.html', operationId: 'terminalPage' },
  { path: '/customer', file: 'customer.html', operationId: 'customerPage' },
  { path: '/track/:token', file: 'track.html', operationId: 'trackPage' },
] as const

/** A page runs the scripts of this folder and talks to its own server, and nothing else: what somebody managed to write into a page does not run. */
const pagePolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self' ws: wss:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ')

const contentTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
}

/** Compiled modules that the pages load as they are: modules that import nothing. */
const sharedModules: Record<string, URL> = {
  'statuses.js': new URL('../../protocol/orders/statuses.js', import.meta.url),
}

async function webFile(file: string): Promise<RouteAnswer> {
  let body: Uint8Array
  try {
    body = await readFile(sharedModules[file] ?? assetUrl(`edge/web/${file}`))
  } catch {
    throw new CaduceusError('not_found', 'no such page')
  }
  const extension = file.slice(file.lastIndexOf('.') + 1)
  return {
    status: 200,
    body,
    headers: {
      'content-type': contentTypes[extension]!,
      'content-security-policy': pagePolicy,
      'cache-control': 'no-cache',
    },
  }
}

/** For a browser that asks for a page that does not exist. */
export const missingPage = async (): Promise<RouteAnswer> => ({
  ...(await webFile('missing.html')),
  status: 404,
})

/** What the root says to a program: where everything else is. */
const service = (version: string): RouteAnswer => ({
  status: 200,
  headers: { vary: 'Accept' },
  body: {
    name: 'Caduceus',
    version,
    description: 'Real-time dispatch for medical delivery',
    health: '/api/health',
    openapi: '/openapi.json',
    asyncapi: '/asyncapi.json',
    documentation: '/docs',
    sockets: [
      '/ws/customer',
      '/ws/pharmacy',
      '/ws/driver',
      '/ws/vendor/{vendor_id}',
      '/ws/tracking/{tracking_token}',
    ],
  },
})

export function pageRoutes(version: string): AnyRoute[] {
  return [
    ...pages.map(({ path, file, operationId }) =>
      route({
        method: 'GET',
        path,
        operationId,
        summary: `The page ${file}`,
        tags: ['pages'],
        auth: 'none',
        page: true,
        responses: { 200: { description: 'The page', contentType: 'text/html' } },
        handler: async ({ headers }) => {
          if (path !== '/') return webFile(file)
          if (prefersJson(headers)) return service(version)
          const page = await webFile(file)
          return { ...page, headers: { ...page.headers, vary: 'Accept' } }
        },
      }),
    ),
    route({
      method: 'GET',
      path: '/web/:file',
      operationId: 'webFile',
      summary: 'A script, style or picture of the pages',
      tags: ['pages'],
      auth: 'none',
      page: true,
      params: Type.Object({
        file: Type.String({
          pattern: '^[a-z0-9-]{1,60}\\.(css|js|svg|png)$',
          'x-rule': 'must be the name of a file of the pages',
        }),
      }),
      responses: { 200: { description: 'The file', contentType: 'application/octet-stream' } },
      handler: ({ params }) => webFile(params.file),
    }),
  ]
}
