/**
 * The pages for people, rendered at start. They are rows of the same table as the API, so they have
 * the same headers, metrics and refusals. A page whose script is missing or cannot run in a browser
 * stops the start; otherwise the first visitor would find out.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { prefersJson } from './headers.ts'
import { operationIdOf, readPage, redirectIdOf, type Page } from './page-folder.ts'
import { webFile, WebFiles, type WebFile } from './page-modules.ts'
import { renderPage } from './page-template.ts'
import { route, type AnyRoute, type RouteAnswer } from '../kernel/route.ts'

/**
 * A page runs only scripts of this server and talks only to this server. A script that somebody
 * wrote into a page does not run.
 */
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

const iconPath = 'edge/pages/shared/icon.svg'
const stylePath = 'edge/pages/shared/app.css'
const missingFolder = 'edge/pages/missing'
const addressOf = (name: string): string => `/web/${name}`

/** Adds the files of a page to `files` and renders the page. */
function buildPage(page: Page, files: WebFiles): WebFile {
  const script = page.script === undefined ? null : files.addScript(`${page.folder}/${page.script}`)
  const own = (page.styles ?? []).map(style => `${page.folder}/${style}`)
  const html = renderPage(page, {
    icon: addressOf(files.addAsset(iconPath)),
    styles: [stylePath, ...own].map(path => addressOf(files.addAsset(path))),
    scripts: script === null ? [] : files.closureOf(script).map(addressOf),
  })
  return webFile('page.html', html)
}

/** The browser keeps a file and asks each time whether it is current. */
function answer(file: WebFile, headers: Readonly<Record<string, string>>): RouteAnswer {
  const known =
    headers['if-none-match']?.split(',').map(tag => tag.trim().replace(/^W\//, '')) ?? []
  const isKnown = known.includes(file.etag) || known.includes('*')
  const kept = {
    etag: file.etag,
    'cache-control': 'no-cache',
    'content-security-policy': pagePolicy,
  }
  return isKnown
    ? { status: 304, headers: kept }
    : { status: 200, body: file.body, headers: { ...kept, 'content-type': file.contentType } }
}

let missing: WebFile | undefined

/** The answer to a browser that asks for a page that does not exist. */
export function missingPage(): RouteAnswer {
  missing ??= buildPage(readPage(missingFolder), new WebFiles())
  return { ...answer(missing, {}), status: 404 }
}

interface Service {
  version: string
  /** Paths with `:name` for parameters. */
  sockets: readonly string[]
}
/** The answer of the root to a program: the addresses of everything else. */
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

/** Rows for the pages of these folders, and one row for the files that they load. */
export function pageRoutes(folders: readonly string[], about: Service): AnyRoute[] {
  const files = new WebFiles()
  const rows = folders.map(readPage).flatMap(page => {
    const file = buildPage(page, files)
    const { path, olderPaths = [] } = page
    return path === undefined
      ? []
      : [pageRow(page, path, file, about), ...olderPaths.map(older => redirectRow(older, path))]
  })
  return [...rows, fileRow(files)]
}

function pageRow(page: Page, path: string, file: WebFile, about: Service): AnyRoute {
  return route({
    method: 'GET',
    path,
    operationId: operationIdOf(page),
    summary: `The page “${page.title}”`,
    tags: ['pages'],
    auth: 'none',
    page: true,
    responses: { 200: { description: 'The page', contentType: 'text/html' } },
    handler({ headers }) {
      if (path !== '/') return answer(file, headers)
      if (prefersJson(headers)) return service(about)
      const page = answer(file, headers)
      return { ...page, headers: { ...page.headers, vary: 'Accept' } }
    },
  })
}

/**
 * Rejected: a permanent redirect, because browsers keep it for ever and the path could not be used
 * again.
 */
const redirectRow = (olderPath: string, path: string): AnyRoute =>
  route({
    method: 'GET',
    path: olderPath,
    operationId: redirectIdOf(olderPath),
    summary: `Leads to ${path}`,
    tags: ['pages'],
    auth: 'none',
    page: true,
    alias: path,
    responses: { 302: { description: 'The address of the page' } },
    handler: () => ({ status: 302, headers: { location: path } }),
  })

function fileRow(files: WebFiles): AnyRoute {
  return route({
    method: 'GET',
    path: '/web/:file',
    operationId: 'webFile',
    summary: 'A script, style or picture of the pages',
    tags: ['pages'],
    auth: 'none',
    page: true,
    // A page is about forty small files, and a clinic that opens its terminals is one address.
    rate: 'read',
    params: Type.Object({
      file: Type.String({
        pattern: '^[a-z0-9-]{1,60}\\.(css|js|svg|png)$',
        'x-rule': 'must be the name of a file of the pages',
      }),
    }),
    responses: { 200: { description: 'The file', contentType: 'application/octet-stream' } },
    handler({ params, headers }) {
      const file = files.get(params.file)
      if (file === null) throw new CaduceusError('not_found', 'no such page')
      return answer(file, headers)
    },
  })
}
