/**
 * The pages people look at: files of edge/web as they are in the source tree. Served by the same
 * table as the API, so they have the same headers, metrics and refusals; a page that does not exist
 * is a 404 and no failure of the start.
 */
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path/posix'
import Type from 'typebox'
import { assetUrl } from '../../protocol/assets.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { prefersJson } from './headers.ts'
import { route, type AnyRoute, type RouteAnswer } from './route.ts'

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

/** A page as a feature brings it; `file` is a path from the root of the sources. */
interface PageFile {
  path: string
  file: string
  operationId: string
}

/** What all pages share. */
const sharedFolder = 'edge/web'
/** Compiled modules that the pages load as they are: modules that import nothing. */
const sharedModules: Record<string, URL> = {
  'statuses.js': new URL('../../protocol/orders/statuses.js', import.meta.url),
}

/** The first of these files that there is. */
async function webFile(...files: readonly (string | URL)[]): Promise<RouteAnswer> {
  let body: Uint8Array | null = null
  let file = ''
  for (const one of files) {
    file = one.toString()
    body = await readFile(typeof one === 'string' ? assetUrl(one) : one).catch(() => null)
    if (body !== null) break
  }
  if (body === null) throw new CaduceusError('not_found', 'no such page')
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
  ...(await webFile(`${sharedFolder}/missing.html`)),
  status: 404,
})

interface Service {
  version: string
  /** Paths, with `:name` for parameters. */
  sockets: readonly string[]
}
/** What the root says to a program: where everything else is. */
const service = ({ version, sockets }: Service): RouteAnswer => ({
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
    sockets: sockets.map(path => path.replaceAll(/:(\w+)/g, '{$1}')),
  },
})

export function pageRoutes(pages: readonly PageFile[], about: Service): AnyRoute[] {
  const folders = [...new Set(pages.map(({ file }) => dirname(file)))]
  return [
    ...pages.map(({ path, file, operationId }) =>
      route({
        method: 'GET',
        path,
        operationId,
        summary: `The page ${basename(file)}`,
        tags: ['pages'],
        auth: 'none',
        page: true,
        responses: { 200: { description: 'The page', contentType: 'text/html' } },
        handler: async ({ headers }) => {
          if (path !== '/') return webFile(file)
          if (prefersJson(headers)) return service(about)
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
      handler: ({ params }) =>
        webFile(
          sharedModules[params.file] ?? `${sharedFolder}/${params.file}`,
          ...folders.map(folder => `${folder}/${params.file}`),
        ),
    }),
  ]
}
