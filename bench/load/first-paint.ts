/**
 * What a person waits for on a slow phone: the first paint of each page, and the first useful one,
 * when the page's own heading or form is there. Chromium runs with its processor four times slower
 * and an empty cache; the network is that of this machine, so it measures the pages and not a line.
 */
import type { Browser } from 'playwright-core'
import { pageFolders, readPage } from '../../edge/http/page-folder.ts'
import { findBrowser } from '../../protocol/testing/binaries.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'

const slowerBy = 4
const goalMs = 1_000
const goalKb = 200
/** Longest wait for a page, ms. */
const patienceMs = 60_000
/** The page for developers has a library, which the goal of size leaves out. */
const developersPage = '/docs'
/** What a map draws comes after the page, and has no bound of size. */
const mapPath = '/api/map'
const quickPages: ReadonlySet<string> = new Set(['/', '/customer'])

const measuresOf = (path: string): { first: Measure; useful: Measure; size: Measure } => ({
  first: { name: `${path}: first contentful paint`, unit: 'ms', better: 'lower' },
  useful: {
    name: `${path}: first useful paint`,
    unit: 'ms',
    better: 'lower',
    ...(path !== developersPage && { goal: { value: goalMs } }),
  },
  size: {
    name: `${path}: over the network`,
    unit: 'kB',
    better: 'lower',
    ...(path !== developersPage && { goal: { value: goalKb } }),
  },
})

async function open(context: Context): Promise<Round> {
  const { chromium } = await import('playwright-core')
  const server = await context.server()
  const browser = await chromium.launch({
    executablePath: findBrowser()!,
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  })
  context.defer(() => browser.close())
  const paths = pageFolders()
    .map(readPage)
    .flatMap(({ path }) => (path === undefined ? [] : [path]))
    .filter(path => !context.quick || quickPages.has(path))
  // The server compresses each file when somebody first asks for it.
  for (const path of paths) await visit(browser, server.url, path)
  return async () => {
    for (const path of paths) {
      if (context.signal.aborted) return
      context.progress(path)
      const { firstMs, usefulMs, bytes } = await visit(browser, server.url, path)
      const measures = measuresOf(path)
      context.sample(measures.first, { value: firstMs })
      context.sample(measures.useful, { value: usefulMs })
      context.sample(measures.size, { value: bytes / 1_000 })
    }
  }
}

interface Seen {
  firstMs: number
  usefulMs: number
  /** All answers of the visit as they were sent, with their headers, without those of a map. */
  bytes: number
}
interface Marked {
  usefulMs?: number
}

/** One visit by a browser that knows nothing yet. Times are since the visit began. */
async function visit(browser: Browser, url: string, path: string): Promise<Seen> {
  const browsing = await browser.newContext({ viewport: { width: 390, height: 844 } })
  try {
    const page = await browsing.newPage()
    page.setDefaultTimeout(patienceMs)
    const session = await browsing.newCDPSession(page)
    let bytes = 0
    const ofMap = new Set<string>()
    session.on('Network.requestWillBeSent', ({ requestId, request }) => {
      if (new URL(request.url).pathname.startsWith(mapPath)) ofMap.add(requestId)
    })
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (!ofMap.has(requestId)) bytes += encodedDataLength
    })
    await session.send('Network.enable')
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowerBy })
    await page.addInitScript(() => {
      const look = new MutationObserver(() => {
        if (document.querySelector('main h1, main h2, main form') === null) return
        look.disconnect()
        // The frame after this one has the element on the screen.
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            Object.assign(globalThis, { usefulMs: performance.now() })
          }),
        )
      })
      look.observe(document, { childList: true, subtree: true })
    })
    await page.goto(url + path.replace(/:\w+/, 'unknown'))
    await page.waitForFunction(() => (globalThis as Marked).usefulMs !== undefined)
    await page.waitForFunction(
      () => performance.getEntriesByName('first-contentful-paint').length > 0,
    )
    await page.waitForLoadState('networkidle')
    return {
      bytes,
      ...(await page.evaluate(() => ({
        firstMs: performance.getEntriesByName('first-contentful-paint')[0]!.startTime,
        usefulMs: (globalThis as Marked).usefulMs!,
      }))),
    }
  } finally {
    await browsing.close()
  }
}

export const bench: Bench = {
  name: 'first-paint',
  group: 'load',
  title: 'the first paint of each page, with a processor four times slower',
  modes: ['embedded'],
  rounds: { full: 5, quick: 1 },
  missing: () =>
    findBrowser() === null
      ? 'Chromium is not found; apt-get install chromium, or set CHROMIUM'
      : null,
  open,
}
