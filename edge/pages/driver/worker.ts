/**
 * Opens the driver's page without a network: the page and its files are kept when it is installed,
 * and renewed whenever the page is loaded. Nothing of the API is kept here. It imports nothing,
 * because not every browser runs modules beside a page.
 */
interface Keeping extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface Fetching extends Keeping {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}

const shelf = 'caduceus-driver'
const pagePath = '/driver'

const keep = async (): Promise<Response> => {
  const response = await fetch(pagePath, { credentials: 'same-origin' })
  if (!response.ok) return response
  const html = await response.clone().text()
  const cache = await caches.open(shelf)
  // A set, because the store refuses a list with a repetition.
  const files = new Set(
    [...html.matchAll(/"(\/web\/[^"]+|\/driver\/manifest[^"]+)"/g)].map(match => match[1]!),
  )
  const known = new Set((await cache.keys()).map(({ url }) => url))
  const addressOf = (path: string): string => new URL(path, location.origin).href
  await cache.addAll([...files].filter(file => !known.has(addressOf(file))))
  // The page goes in last, so that a kept page always has its files.
  await cache.put(pagePath, response.clone())
  const current = new Set([...files, pagePath].map(addressOf))
  await Promise.all([...known].filter(url => !current.has(url)).map(url => cache.delete(url)))
  return response
}

addEventListener('install', event => (event as Keeping).waitUntil(keep()))
addEventListener('activate', event => {
  const { clients } = globalThis as unknown as { clients: { claim(): Promise<void> } }
  ;(event as Keeping).waitUntil(clients.claim())
})
addEventListener('fetch', event => {
  const { request, respondWith } = event as Fetching
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  const answer = respondWith.bind(event)
  if (request.mode === 'navigate' && url.pathname === pagePath)
    answer(
      keep().catch(
        async () => (await caches.match(pagePath, { ignoreVary: true })) ?? Response.error(),
      ),
    )
  else if (url.pathname.startsWith('/web/'))
    answer(caches.match(request, { ignoreVary: true }).then(kept => kept ?? fetch(request)))
})
