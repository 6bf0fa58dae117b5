/**
 * The pages for people, rendered at start. They are rows of the same table as the API, so they have
 * the same headers, metrics and refusals. A page whose script is missing or cannot run in a browser
 * stops the start; otherwise the first visitor would find out.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import {
  acceptedLanguage,
  chosenLanguage,
  pageLanguages,
  type PageLanguage,
} from '../../protocol/kernel/languages.ts'
import { CompressedBody } from './compression.ts'
import { prefersJson } from './headers.ts'
import {
  manifestIdOf,
  operationIdOf,
  readPage,
  redirectIdOf,
  workerIdOf,
  type Page,
} from './page-folder.ts'
import { webFile, WebFiles, workerFile, type WebFile } from './page-modules.ts'
import { renderPage } from './page-template.ts'
import { route, type AnyRoute, type RouteAnswer } from '../kernel/route.ts'

/**
 * A page runs only scripts of this server and talks only to this server; the street map alone may
 * come from the one origin that the operator has named. A script that somebody wrote into a
 * page does not run.
 */
const policyWith = ({ pictureOrigin, styleOrigin }: MapOrigins): string =>
  [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data: blob:${pictureOrigin === null ? '' : ` ${String(pictureOrigin)}`}`,
    "media-src 'self' blob:",
    `connect-src 'self'${styleOrigin === null ? '' : ` ${String(styleOrigin)}`}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ')

const ownPolicy = policyWith({ pictureOrigin: null, styleOrigin: null })

const iconPath = 'edge/pages/shared/icon.svg'
const stylePath = 'edge/pages/shared/app.css'
const missingFolder = 'edge/pages/missing'
const addressOf = (name: string): string => `/web/${name}`

/** A page in the languages that it has. */
type BuiltPage = Readonly<Partial<Record<PageLanguage, WebFile>>> & { readonly en: WebFile }

/** Adds the files of a page to `files` and renders the page. */
function buildPage(page: Page, files: WebFiles): BuiltPage {
  const script = page.script === undefined ? null : files.addScript(`${page.folder}/${page.script}`)
  const own = (page.styles ?? []).map(style => `${page.folder}/${style}`)
  const addressIn = (name: string): string => addressOf(files.addressOf(name))
  const parts = {
    icon: addressIn(files.addAsset(iconPath)),
    styles: [
      addressIn(files.addAsset(stylePath)),
      ...(page.libraryStyle === undefined
        ? []
        : [addressIn(files.addLibraryFile(page.libraryStyle))]),
      ...own.map(path => addressIn(files.addAsset(path))),
    ],
    libraryScript:
      page.libraryScript === undefined ? null : addressIn(files.addLibraryFile(page.libraryScript)),
    scripts: script === null ? [] : files.closureOf(script).map(addressIn),
  }
  const rendered = (language: PageLanguage): WebFile =>
    webFile('page.html', renderPage(page, parts, language))
  const languages = Object.keys(page.languages === true ? pageLanguages : { en: 'ltr' })
  const built = languages.map(language => [language, rendered(language as PageLanguage)])
  return Object.fromEntries(built) as BuiltPage
}

/** In the visitor's language, when the page has it. */
function pageAnswer(
  page: BuiltPage,
  headers: Readonly<Record<string, string>>,
  policy = ownPolicy,
): RouteAnswer {
  const chosen = chosenLanguage(headers['cookie'] ?? '')
  const language = chosen ?? acceptedLanguage(headers['accept-language'] ?? '')
  const given = answer(page[language] ?? page.en, headers, 'no-cache', policy)
  const isOne = Object.keys(page).length === 1
  return isOne
    ? given
    : {
        ...given,
        headers: { ...given.headers, vary: 'Accept, Accept-Encoding, Accept-Language, Cookie' },
      }
}

/** Compressed forms of the files; one of each is kept as long as its file. */
const compressed = new WeakMap<WebFile, CompressedBody>()

function bodyOf(file: WebFile): CompressedBody {
  const known = compressed.get(file)
  if (known !== undefined) return known
  const made = new CompressedBody(file.body)
  compressed.set(file, made)
  return made
}

/**
 * With `no-cache` the browser keeps a file and asks each time whether it is current. A file with the
 * policy null has that of every answer, under which nothing runs.
 */
function answer(
  file: WebFile,
  headers: Readonly<Record<string, string>>,
  caching: string,
  policy: string | null = ownPolicy,
): RouteAnswer {
  const { body, headers: coding } = bodyOf(file).for(headers)
  const suffix = coding['content-encoding']
  const etag = suffix === undefined ? file.etag : file.etag.replace(/"$/, `-${suffix}"`)
  const known =
    headers['if-none-match']?.split(',').map(tag => tag.trim().replace(/^W\//, '')) ?? []
  const isKnown = known.includes(etag) || known.includes('*')
  const kept = {
    etag,
    'cache-control': caching,
    ...(policy !== null && { 'content-security-policy': policy }),
  }
  return isKnown
    ? { status: 304, headers: { ...kept, vary: coding['vary']! } }
    : { status: 200, body, headers: { ...kept, ...coding, 'content-type': file.contentType } }
}

let missing: BuiltPage | undefined

/** The answer to a browser that asks for a page that does not exist. */
export function missingPage(): RouteAnswer {
  missing ??= buildPage(readPage(missingFolder), new WebFiles())
  return { ...pageAnswer(missing, {}), status: 404 }
}

/** The origin of the street map, for pictures or for a style and what it names; null: none. */
export interface MapOrigins {
  pictureOrigin: string | null
  styleOrigin: string | null
}
interface Service extends MapOrigins {
  version: string
  /** Paths with `:name` for parameters. */
  sockets: readonly string[]
}
/** The answer of the root to a program: the addresses of everything else. */
const service = ({ version, sockets }: Omit<Service, keyof MapOrigins>): RouteAnswer => ({
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
      : [
          pageRow(page, path, file, about),
          ...olderPaths.map(older => redirectRow(older, path)),
          ...appRows(page, path),
        ]
  })
  return [...rows, fileRow(files, policyWith(about))]
}

function pageRow(page: Page, path: string, file: BuiltPage, about: Service): AnyRoute {
  const policy = policyWith(about)
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
      if (path !== '/') return pageAnswer(file, headers, policy)
      if (prefersJson(headers)) return service(about)
      const page = pageAnswer(file, headers, policy)
      return { ...page, headers: { ...page.headers, vary: 'Accept, Accept-Encoding' } }
    },
  })
}

/** A page that people install on a phone has a manifest and a script that works without a network. */
function appRows(page: Page, path: string): AnyRoute[] {
  const { app } = page
  if (app === undefined) return []
  const manifest = JSON.stringify({
    id: path,
    name: page.title,
    short_name: app.shortName,
    start_url: path,
    scope: path,
    display: 'standalone',
    background_color: app.colour,
    theme_color: app.colour,
    icons: [{ src: addressOf('shared-icon.svg'), sizes: 'any', type: 'image/svg+xml' }],
  })
  const rows: [name: string, operationId: string, summary: string, file: WebFile][] = [
    [
      'manifest.webmanifest',
      manifestIdOf(page),
      `The manifest of the page “${page.title}”`,
      webFile('manifest.webmanifest', manifest),
    ],
    [
      'worker.js',
      workerIdOf(page),
      `The script that runs beside the page “${page.title}”`,
      workerFile(app.workers),
    ],
  ]
  return rows.map(([name, operationId, summary, file]) =>
    route({
      method: 'GET',
      path: `${path}/${name}`,
      operationId,
      summary,
      tags: ['pages'],
      auth: 'none',
      page: true,
      rate: 'read',
      responses: { 200: { description: 'The file', contentType: file.contentType } },
      handler({ headers }) {
        const given = answer(file, headers, 'no-cache')
        // The page itself is one level above the script, and so outside of its reach without this.
        return { ...given, headers: { ...given.headers, 'service-worker-allowed': path } }
      },
    }),
  )
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

/** A script that runs beside a page keeps the rules of its own answer. */
const workerName = /-worker-/

/**
 * `policy` is that of the pages. Other files than workers obey the page that loads them, and a page
 * has about ninety, so they do not repeat its policy.
 */
function fileRow(files: WebFiles, policy: string): AnyRoute {
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
    handler({ params, headers, queryText }) {
      const file = files.get(params.file)
      if (file === null) throw new CaduceusError('not_found', 'no such page')
      // The policy of a worker names the operator's map, which may change while the file does not.
      const isWorker = workerName.test(params.file)
      const isVersioned = new URLSearchParams(queryText).get('v') === file.version
      return answer(
        file,
        headers,
        isVersioned && !isWorker ? 'public, max-age=31536000, immutable' : 'no-cache',
        isWorker ? policy : null,
      )
    },
  })
}
