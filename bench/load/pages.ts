/**
 * The pages as a visitor with a slow phone opens them for the first time: the bytes that come over
 * the wire, and the time until the page shows what it is for, with a processor that is four times
 * slower. The baseline is a page of the same server without a script.
 */
import { chromium, type Browser } from 'playwright-core'
import { pageFolders, readPage } from '../../edge/http/page-folder.ts'
import { findBrowser } from '../../protocol/testing/binaries.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'

const slowdown = 4
const viewport = { width: 390, height: 844 }
/** A page has painted its use when one of these is on the screen. */
const useful = 'main h1, main h2, main form'
const scriptless = '/no-such-page'
/** The reference of the API loads a library of its own size. */
const large = new Set(['/docs'])
const kilobytesMax = 200
const paintMsMax = 1_000
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking']

const paintOf = (path: string): Measure => ({
  name: `${path === scriptless ? 'a page without a script' : path}: first useful paint`,
  unit: 'ms after the request',
  better: 'lower',
  ...(path !== scriptless && {
    baseline: 'a page without a script: first useful paint',
    goal: { value: paintMsMax },
  }),
})
const sizeOf = (path: string): Measure => ({
  name: `${path}: compressed`,
  unit: 'KB',
  better: 'lower',
  ...(!large.has(path) && { goal: { value: kilobytesMax } }),
})

interface Visit {
  paintMs: number
  bytes: number
  files: number
}

/** Opens a page in a profile that has seen nothing before. */
async function visit(browser: Browser, address: string): Promise<Visit> {
  const context = await browser.newContext({ viewport })
  try {
    const page = await context.newPage()
    const devtools = await context.newCDPSession(page)
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
    await devtools.send('Network.enable')
    let bytes = 0
    let files = 0
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength
      files++
    })
    await page.addInitScript(wanted => {
      const look = (): void => {
        const isThere = [...document.querySelectorAll(wanted)].some(
          element => element.getClientRects().length > 0,
        )
        if (!isThere) requestAnimationFrame(look)
        // The frame that shows it is painted before the next task.
        else
          setTimeout(() =>
            document.documentElement.setAttribute('data-useful', String(performance.now())),
          )
      }
      requestAnimationFrame(look)
    }, useful)
    await page.goto(address, { waitUntil: 'load' })
    const root = page.locator('html[data-useful]')
    await root.waitFor({ state: 'attached' })
    const paintMs = Number(await root.getAttribute('data-useful'))
    await page.waitForLoadState('networkidle')
    return { paintMs, bytes, files }
  } finally {
    await context.close()
  }
}

async function open(context: Context): Promise<Round> {
  const server = await context.server()
  const browser = await chromium.launch({ executablePath: findBrowser()!, args: flags })
  context.defer(() => browser.close())
  const paths = pageFolders()
    .map(folder => readPage(folder).path)
    .filter(path => path !== undefined && !path.includes(':')) as string[]
  // The first visit also starts the browser and compresses the files.
  for (const path of paths) await visit(browser, server.url + path)
  return async () => {
    for (const path of [scriptless, ...paths]) {
      context.progress(path)
      const { paintMs, bytes, files } = await visit(browser, server.url + path)
      context.sample(paintOf(path), { value: paintMs })
      if (path !== scriptless)
        context.sample(sizeOf(path), { value: bytes / 1_000, note: `${files} files` })
    }
  }
}

export const bench: Bench = {
  name: 'pages',
  group: 'load',
  title: 'pages: sizes, and the first useful paint with a slow processor',
  modes: ['embedded', 'distributed', 'remote'],
  missing: () =>
    findBrowser() === null
      ? 'Chromium not found; install with: apt-get install chromium (or set CHROMIUM to its path)'
      : null,
  rounds: { full: 5, quick: 2 },
  open,
}
