/**
 * A server and a browser for the tests of the pages. A page that throws, or that its content
 * security policy stops, fails its test.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pino } from 'pino'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { findBrowser } from '../../protocol/testing/binaries.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { http, password, type Answer } from '../acceptance/people.ts'
import { createAccount } from '../accounts/accounts.ts'
import { startEmbedded } from '../embedded.ts'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  // A microphone that beeps and a camera, which a page gets once the test has allowed them.
  '--use-fake-device-for-media-stream',
]
/** Longest wait for an element in ms; longer than the terminal waits for an answer. */
const patienceMs = 20_000

const executablePath = findBrowser()
/** The reason why the tests of pages cannot run here; false when they can run. */
export const browserMissing =
  executablePath === null &&
  'chromium not found; install with: apt-get install chromium (or set CHROMIUM to its path)'
if (browserMissing !== false && process.env['REQUIRE_SERVICES'] === '1') t.fail(browserMissing)

type Server = Awaited<ReturnType<typeof startEmbedded>>

class Stage {
  readonly browser: Browser
  /** Errors of the pages, which otherwise only their consoles show. */
  readonly troubles: string[] = []
  readonly #environment: Record<string, string>
  #server: Server

  constructor(browser: Browser, server: Server, environment: Record<string, string>) {
    this.browser = browser
    this.#server = server
    this.#environment = environment
  }

  get server(): Server {
    return this.#server
  }
  get url(): string {
    return this.#server.url
  }

  /** Opens a page in its own browser profile. `prepare` is called before the page loads. */
  async open(
    path: string,
    options: BrowserContextOptions = {},
    prepare: (page: Page) => Promise<void> = async () => {},
  ): Promise<Page> {
    const page = await (await this.browser.newContext(options)).newPage()
    page.setDefaultTimeout(patienceMs)
    page.on('pageerror', error => this.troubles.push(`${path}: ${error.message}`))
    page.on('console', message => {
      if (/content security policy/i.test(message.text()))
        this.troubles.push(`${path}: ${message.text()} ${JSON.stringify(message.location())}`)
    })
    page.on('request', request => {
      const { origin, protocol } = new URL(request.url())
      const isOwn = origin === this.url || protocol === 'blob:' || protocol === 'data:'
      if (!isOwn) this.troubles.push(`${path} asks another server: ${request.url()}`)
    })
    await prepare(page)
    await page.goto(this.url + path)
    return page
  }

  /** Opens a page, signs in, and waits until it is live. */
  async openSignedIn(
    path: string,
    { email }: { email: string },
    prepare?: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const page = await this.open(path, options, prepare)
    const form = page.locator('#login')
    await form.getByLabel('E-mail').fill(email)
    await form.getByLabel('Password').fill(password)
    await form.getByRole('button', { name: 'Sign in' }).click()
    await isLive(page)
    return page
  }

  async stopServer(): Promise<void> {
    await this.#server.stop()
  }

  /** Starts the stopped server again with the same address and the same data. */
  async startServer(): Promise<void> {
    this.#server = await start(this.#environment)
  }
}

const start = (environment: Record<string, string>): Promise<Server> =>
  startEmbedded(environment, { log: pino({ level: 'silent' }) })

/** Resolves when the page shows that it is connected. */
export const isLive = (page: Page): Promise<void> =>
  page.getByText('Live', { exact: true }).waitFor()

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const themes = ['light', 'dark'] as const

interface AxeResults {
  violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[]
}

/**
 * What keeps people from using the page as it is now, in both themes: the rules of axe-core, and
 * content that is wider than the window. `PICTURES` names a folder that gets a picture of each look.
 */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  const faults: string[] = []
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
    )
    for (const { id, nodes } of violations)
      for (const { target, failureSummary } of nodes)
        faults.push(`${name}, ${colorScheme}: ${id} at ${target.join(' ')}: ${failureSummary}`)
    const folder = process.env['PICTURES']
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true })
      const width = page.viewportSize()?.width
      const path = join(folder, `${name}-${width}-${colorScheme}.png`)
      await page.screenshot({ path, fullPage: true })
    }
  }
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  if (over > 0) faults.push(`${name}: ${over} px wider than the window`)
  return faults
}

/** Moves the focus to an element by the Tab key alone. Throws when it is out of its reach. */
async function tabTo(page: Page, name: string): Promise<void> {
  const target = page.getByRole('button', { name, exact: true }).first()
  await target.waitFor()
  for (let presses = 0; presses < 60; presses++) {
    if (await target.evaluate(element => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${name} is out of the reach of the keyboard`)
}
/** Moves the focus to a button by the Tab key alone, and presses it. */
export const press = async (page: Page, name: string): Promise<void> => {
  await tabTo(page, name)
  await page.keyboard.press('Enter')
}

/** The steps that the driver's page keeps on the phone, as the body of an answer. */
export const keptSteps = async (page: Page): Promise<Answer> => {
  const body = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('caduceus-driver')
        opening.addEventListener('error', reject)
        opening.addEventListener('success', () => {
          const reading = opening.result.transaction('steps').objectStore('steps').getAll()
          reading.addEventListener('error', reject)
          reading.addEventListener('success', () => {
            opening.result.close()
            resolve(reading.result)
          })
        })
      }),
  )
  return { status: 200, body, headers: new Headers() }
}

/** The widths at which the page is wider than its window, from an old phone to a wall of 4k. */
export async function widthsTooNarrow(page: Page): Promise<number[]> {
  const before = page.viewportSize()!
  const found: number[] = []
  for (const width of [320, 3_840]) {
    await page.setViewportSize({ width, height: 900 })
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth))
      found.push(width)
  }
  await page.setViewportSize(before)
  return found
}

/** A phone and a desk. */
export const phone = { width: 390, height: 844 }
export const desk = { width: 1280, height: 800 }

/** Makes an administrator and returns a token. */
export async function newAdmin({ server, url }: Stage): Promise<string> {
  const { parts } = server.edge
  const email = 'admin@example.com'
  const account = { email, full_name: 'Admin', phone: '', role: 'admin', password } as const
  await createAccount(parts.database.kysely, parts, account, async () => null)
  const { body } = await http(url, 'POST', '/api/auth/login', { body: { email, password } })
  return body.access_token
}

/** What a test needs of its stage beyond the usual. */
interface Wishes {
  /** Puts files into DATA_DIR before the start. */
  prepare?: (dataDir: string) => void
  /** More flags for Chromium. */
  flags?: readonly string[]
}

/** Starts server and browser, and ends both with the test. */
export async function openStage(
  test: { teardown(end: () => Promise<void>): unknown },
  environment: Record<string, string> = {},
  { prepare, flags: more = [] }: Wishes = {},
): Promise<Stage> {
  const dataDir = await preparedDataDir()
  prepare?.(dataDir)
  // The port is below the range of outgoing connections; otherwise a reconnecting browser could
  // take the port of the stopped server.
  const PORT = String(await freePort())
  const all = { PORT, DATA_DIR: dataDir, LOG_LEVEL: 'silent', ...environment }
  const server = await start(all)
  const browser = await chromium.launch({
    executablePath: executablePath!,
    args: [...flags, ...more],
  })
  const stage = new Stage(browser, server, all)
  test.teardown(async () => {
    await browser.close()
    await stage.stopServer()
    rmSync(dataDir, { recursive: true, force: true })
  })
  return stage
}
