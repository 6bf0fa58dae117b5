/** `npm run screenshots`: pictures of every page, on a phone and on a desk, in both themes. */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import {
  describeOptions,
  readOptions,
  runTool,
  UsageError,
  type OptionTable,
} from '../harness/options.ts'
import type { startWorld } from './world.ts'

const table: OptionTable = {
  out: { value: 'FOLDER', default: 'screenshots', help: 'where the pictures go' },
  page: { value: 'NAME', help: 'only this page, by the name of its folder' },
  language: { value: 'en|ar', default: 'en', help: 'the language of the pages' },
}
const help = `npm run screenshots -- [options]

Starts a server of its own with a pharmacy, a driver, a customer and orders, signs in on every page,
and writes FOLDER/PAGE-WIDTH-THEME.png. It needs Chromium (apt-get install chromium, or CHROMIUM).

${describeOptions(table)}`

const looks = [
  { width: 390, height: 844 },
  { width: 1280, height: 800 },
] as const
const themes = ['light', 'dark'] as const
/** Longest wait for a page, ms. */
const patienceMs = 30_000
/** Time after the last answer in which a map and its marks are drawn, ms. */
const drawingMs = 700

type World = Awaited<ReturnType<typeof startWorld>>

await runTool('screenshots', async argv => {
  const options = readOptions(table, argv)
  if (options.help) {
    console.log(help)
    return 0
  }
  const language = options.text('language')!
  if (language !== 'en' && language !== 'ar') throw new UsageError('--language: is en or ar')
  const [{ chromium }, { findBrowser }, { pageFolders, readPage }, { startWorld: start }] =
    await Promise.all([
      import('playwright-core'),
      import('../../protocol/testing/binaries.ts'),
      import('../../edge/http/page-folder.ts'),
      import('./world.ts'),
    ])
  const executablePath = findBrowser()
  if (executablePath === null)
    throw new UsageError('Chromium is not found; apt-get install chromium, or set CHROMIUM')
  const only = options.text('page')
  const pages = pageFolders()
    .map(readPage)
    .filter(({ name, path }) => path !== undefined && (only === null || name === only))
  if (pages.length === 0) throw new UsageError(`--page: there is no page ${only}`)
  const folder = resolve(options.text('out')!)
  mkdirSync(folder, { recursive: true })
  const world = await start()
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox'] })
  try {
    for (const { name, path } of pages)
      await photograph(browser, world, { name, path: path!, folder, language })
  } finally {
    await browser.close()
    await world.stop()
  }
  return 0
})

interface Shot {
  name: string
  path: string
  folder: string
  language: string
}

/** Opens a page, signs in where it asks for that, and writes its pictures. */
async function photograph(
  browser: Browser,
  { url, people, password, trackingToken }: World,
  { name, path, folder, language }: Shot,
): Promise<void> {
  const context = await browser.newContext({ locale: language, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  await page.goto(url + path.replace(/:\w+/, trackingToken))
  const person = people[name as keyof typeof people]
  if (person !== undefined) {
    await page.locator('#login [name=email]').fill(person.email)
    await page.locator('#login [name=password]').fill(password)
    await page.locator('#login [type=submit]').click()
    await page.locator('#login').waitFor({ state: 'detached' })
  }
  for (const viewport of looks)
    for (const colorScheme of themes) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await settle(page)
      const file = join(folder, `${name}-${viewport.width}-${colorScheme}.png`)
      await page.screenshot({ path: file })
      console.log(file)
    }
  await context.close()
}

async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.waitForTimeout(drawingMs)
}
