/**
 * `npm run demo`: `npm start` plus a simulated city. Every person in it has an account and talks
 * HTTP and WebSockets as a real person does. Only the administrator is made beside HTTP, as `npm
 * run admin` does. The same seed gives the same people, places and intentions. The network and the
 * clock decide the order in which their messages arrive, as in a real city.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Embedded } from '../../edge/embedded.ts'
import { RestClient } from '../../protocol/client/index.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { VehicleType } from '../../protocol/drivers/vehicles.ts'
import { LiveLine } from '../harness/live-line.ts'
import {
  describeOptions,
  readOptions,
  runTool,
  UsageError,
  type OptionTable,
} from '../harness/options.ts'
import { inParallel } from '../rigs/parallel.ts'
import { newCustomer, newDriver, newPharmacy, runTag } from '../rigs/people.ts'
import { Household, Pharmacy } from './counter.ts'
import { CityDriver } from './driver.ts'
import { door, placeOf, type Point } from './grid.ts'
import { CityNews } from './news.ts'

const table: OptionTable = {
  pharmacies: {
    value: 'N',
    number: { min: 1, max: 500, whole: true },
    default: 40,
    help: 'pharmacies with an open terminal',
  },
  drivers: {
    value: 'N',
    number: { min: 0, max: 2_000, whole: true },
    default: 150,
    help: 'drivers on the streets',
  },
  'orders-per-minute': {
    value: 'N',
    number: { min: 0, max: 3_000 },
    default: 60,
    help: 'requests that customers broadcast',
  },
  seed: {
    value: 'N',
    number: { min: 0, max: 2 ** 31, whole: true },
    default: 1,
    help: 'people, places and intentions',
  },
  speed: {
    value: 'N',
    number: { min: 0.1, max: 5 },
    default: 1,
    help: 'how fast vehicles move; people stay as they are',
  },
  port: {
    value: 'N',
    number: { min: 0, max: 65_535, whole: true },
    help: 'where to listen, instead of PORT or 8000',
  },
  fixtures: {
    value: 'FILE',
    help: 'no city; a customer and four pharmacies at known distances, whose tokens go to FILE',
  },
  request: {
    value: 'FILE',
    help: 'no server; a request by the people of FILE against the running one, step by step',
  },
  radius: {
    value: 'KM',
    number: { min: 1, max: 50 },
    default: 10,
    help: 'how far --request asks',
  },
  seconds: {
    value: 'N',
    number: { min: 1, max: 86_400 },
    help: 'end by itself after that long; otherwise Ctrl-C ends it',
  },
}
const help = `npm run demo -- [options]
       npm run demo -- --fixtures FILE
       npm run demo -- --request FILE

Starts Caduceus with a simulated city around Kathmandu: pharmacies, drivers, customers, deliveries.
Its database is a fresh temporary folder, removed at the end, unless DATA_DIR is set. It reads no .env.

${describeOptions(table)}`

const businesses = [
  'Himal',
  'Bagmati',
  'Swayambhu',
  'Patan',
  'Thamel',
  'Lotus',
  'Everest',
  'Sagarmatha',
  'Durbar',
  'Annapurna',
  'Nirvana',
  'Garden',
]
const vehicles: readonly VehicleType[] = ['scooter', 'scooter', 'bike', 'car']
const householdsCount = 25
/** Sign-ups under way at once. Hashing uses the cores, and more sign-ups would only wait. */
const signUpsAtOnce = 4
/**
 * Interval at which each driver moves and reports. Drivers take turns, so that their frames do not
 * come all at once.
 */
const stepMs = 1_000
const turns = 10
/** Window over which frames a second are counted. */
const frameWindowMs = 5_000

async function main(argv: string[]): Promise<number> {
  const options = readOptions(table, argv)
  if (options.help) {
    console.log(help)
    return 0
  }
  const request = options.text('request')
  const fixtures = options.text('fixtures')
  if (request !== null && fixtures !== null)
    throw new UsageError('--request talks to a demo that --fixtures started; give one of them')
  if (request !== null) {
    const { readFixtures, walk } = await import('./walk.ts')
    try {
      await walk(readFixtures(request), options.number('radius'), line => console.log(line))
      return 0
    } catch (error) {
      console.error(`demo: ${(error as Error).message}`)
      return 1
    }
  }
  const ownFolder =
    process.env['DATA_DIR'] === undefined ? mkdtempSync(join(tmpdir(), 'caduceus-demo-')) : null
  const removeFolder = (): void => {
    if (ownFolder !== null)
      rmSync(ownFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
  process.once('exit', removeFolder)
  const port = options.text('port')
  const environment = {
    JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '720',
    // The whole city has one address.
    RATE_LIMIT_AUTH_PER_ADDRESS: '100000',
    RATE_LIMIT_REGISTRATION_PER_ADDRESS: '100000',
    RATE_LIMIT_WRITE_PER_ADDRESS: '1000000',
    RATE_LIMIT_READ_PER_ADDRESS: '1000000',
    ...process.env,
    ...(ownFolder !== null && { DATA_DIR: ownFolder }),
    ...(port !== null && { PORT: port }),
    // Nobody is there to approve the pharmacies of the city.
    REGISTRATION: 'open',
  }
  const ended = new Promise<string>(resolve => {
    process.on('SIGINT', () => resolve('SIGINT'))
    process.on('SIGTERM', () => resolve('SIGTERM'))
    const seconds = options.text('seconds')
    if (seconds !== null) setTimeout(() => resolve('time is up'), Number(seconds) * 1_000)
  })
  // Imported here, because it is large and `--help` and a mistyped option do not need it.
  const { startEmbedded } = await import('../../edge/embedded.ts')
  const { createLog } = await import('../../protocol/kernel/log.ts')
  const embedded = await startEmbedded(environment, {
    log: createLog(process.env['LOG_LEVEL'] ?? 'warn'),
  })
  if (fixtures !== null) {
    const { makeFixtures, writeFixtures } = await import('./fixtures.ts')
    try {
      writeFixtures(fixtures, await makeFixtures(embedded.url))
      console.log(
        [
          `Caduceus is at ${embedded.url}, with a customer and four pharmacies; Ctrl-C ends it.`,
          `  their tokens are in ${fixtures}`,
          `  a request, step by step: npm run demo -- --request ${fixtures}`,
        ].join('\n'),
      )
      console.log(`${await ended}: the tokens have ended too`)
      return 0
    } finally {
      await embedded.stop()
    }
  }
  const city = new City(embedded, new LiveLine(), {
    pharmacies: options.number('pharmacies'),
    drivers: options.number('drivers'),
    ordersPerMinute: options.number('orders-per-minute'),
    seed: options.number('seed'),
    speed: options.number('speed'),
  })
  const living = city.live()
  const reason = await Promise.race([ended, living.then(() => 'the city ended')])
  await city.end(reason)
  await living.catch(() => undefined)
  await embedded.stop()
  return 0
}

interface CityOptions {
  pharmacies: number
  drivers: number
  ordersPerMinute: number
  seed: number
  speed: number
}

class City {
  readonly #embedded: Embedded
  readonly #line: LiveLine
  readonly #options: CityOptions
  readonly #news: CityNews
  readonly #pharmacies: Pharmacy[] = []
  readonly #drivers: CityDriver[] = []
  readonly #households: Household[] = []
  readonly #places: { pharmacyId: string; at: Point }[] = []
  readonly #timers: NodeJS.Timeout[] = []
  #nextAsk: NodeJS.Timeout | undefined
  #stopping = false
  #wake = (): void => undefined
  /** Counts of accepted frames within the window, oldest first. */
  readonly #framesSeen: { atMs: number; count: number }[] = []

  constructor(embedded: Embedded, line: LiveLine, options: CityOptions) {
    this.#embedded = embedded
    this.#line = line
    this.#options = options
    this.#news = new CityNews(token =>
      line.say(`an order on its way: ${this.#base}/track/${token}`),
    )
  }

  get #base(): string {
    return `http://localhost:${this.#embedded.port}`
  }
  /** A random stream for one person, so that nobody's choices depend on another person's timing. */
  #randomOf(kind: number, index: number) {
    return seededRandom(this.#options.seed * 1_000_003 + kind * 100_003 + index)
  }

  /** Populates the city, then resolves when it has ended. */
  async live(): Promise<void> {
    const { url } = this.#embedded
    const { pharmacies, drivers } = this.#options
    const tag = runTag()
    this.#line.say(
      `Caduceus, with a city of ${pharmacies} pharmacies and ${drivers} drivers; Ctrl-C ends it.\n  start page        ${this.#base}/`,
    )
    this.#timers.push(setInterval(() => this.#report(), 250))
    await inParallel(Array.from({ length: pharmacies }), signUpsAtOnce, async (_, index) => {
      if (this.#stopping) return
      const random = this.#randomOf(1, index)
      const at = door(random)
      const person = await newPharmacy(
        url,
        tag,
        index,
        `${businesses[index % businesses.length]} Pharmacy ${index + 1}`,
        placeOf(at),
      )
      await person.api.call('PATCH', `/api/vendors/${person.recordId}`, {
        body: { dispatch_policy: 'offer' },
      })
      this.#places.push({ pharmacyId: person.recordId, at })
      this.#pharmacies.push(new Pharmacy(person, random, this.#news))
    })
    await this.#showMaps(tag)
    this.#startClock()
    // Make households and drivers side by side, so that the first order need not wait for the last
    // driver.
    const people = [
      ...Array.from({ length: householdsCount }, (_, index) => ({
        kind: 'household' as const,
        index,
      })),
      ...Array.from({ length: drivers }, (_, index) => ({ kind: 'driver' as const, index })),
    ].sort((a, b) => a.index - b.index)
    await inParallel(people, signUpsAtOnce, async ({ kind, index }) => {
      if (this.#stopping) return
      if (kind === 'household')
        this.#households.push(
          new Household(
            await newCustomer(url, tag, index),
            this.#places,
            this.#randomOf(2, index),
            this.#news,
          ),
        )
      else await this.#hire(url, tag, index)
    })
    if (!this.#stopping)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
  }

  async #hire(url: string, tag: string, index: number): Promise<void> {
    const random = this.#randomOf(3, index)
    const home = this.#places[index % this.#places.length]!
    const person = await newDriver(url, tag, index, home.pharmacyId, {
      vehicle_type: vehicles[Math.floor(random() * vehicles.length)]!,
      capacity: 2,
    })
    if (this.#stopping) return
    const driver = new CityDriver(person, home.at, random, this.#news)
    this.#drivers.push(driver)
    driver.goToWork().catch((error: unknown) => {
      if (!this.#stopping) this.#news.trouble(`driver: ${String(error)}`)
    })
  }

  /** The operator's map needs an administrator, and HTTP never makes one. */
  async #showMaps(tag: string): Promise<void> {
    if (this.#stopping) return
    const { url, edge } = this.#embedded
    const password = randomBytes(12).toString('base64url')
    const email = `admin@${tag}.example`
    const { database, nowMs, random } = edge.parts
    const { createAccount } = await import('../../edge/accounts/accounts.ts')
    await createAccount(
      database.kysely,
      { nowMs, random },
      { email, full_name: 'Demo Operator', phone: '+9770', role: 'admin', password },
      async () => null,
    )
    const admin = new RestClient({ url })
    await admin.login(email, password)
    this.#line.say(
      `  the city's map    ${this.#base}/live#token=${await admin.accessToken()}\n  administrator     ${email} / ${password}`,
    )
  }

  #startClock(): void {
    const lastMs: number[] = Array.from({ length: turns }, () => performance.now())
    let turn = 0
    this.#timers.push(
      setInterval(() => {
        const nowMs = performance.now()
        turn = (turn + 1) % turns
        const seconds = Math.min(5, (nowMs - lastMs[turn]!) / 1_000) * this.#options.speed
        lastMs[turn] = nowMs
        for (let index = turn; index < this.#drivers.length; index += turns)
          this.#drivers[index]!.step(nowMs, seconds)
      }, stepMs / turns),
    )
    if (this.#options.ordersPerMinute === 0) return
    const random = this.#randomOf(4, 0)
    const ask = (): void => {
      const delayMs = (-Math.log(1 - random()) * 60_000) / this.#options.ordersPerMinute
      this.#nextAsk = setTimeout(() => {
        if (this.#stopping) return
        const open = this.#households.filter(household => household.isOpen)
        const household = open[Math.floor(random() * open.length)]
        household?.ask().catch((error: unknown) => {
          if (!this.#stopping)
            this.#news.trouble(
              `customer: ${error instanceof Error ? error.message : String(error)}`,
            )
        })
        ask()
      }, delayMs)
    }
    ask()
  }

  #report(): void {
    const { frames, open_requests, deliveries } = this.#embedded.engine.health()
    const nowMs = performance.now()
    this.#framesSeen.push({ atMs: nowMs, count: frames.accepted })
    while (nowMs - this.#framesSeen[0]!.atMs > frameWindowMs) this.#framesSeen.shift()
    const { atMs, count } = this.#framesSeen[0]!
    const rate = nowMs > atMs ? Math.round(((frames.accepted - count) * 1_000) / (nowMs - atMs)) : 0
    const news = this.#news
    const drivers = this.#drivers.filter(driver => driver.isOpen).length
    this.#line.show(
      `drivers ${drivers}/${this.#options.drivers} · frames/s ${rate} · open requests ${open_requests} · asked ${news.asks} · won ${news.won} (raced ${news.lost}) · under way ${deliveries} · delivered ${news.deliveries} · ${news.percentiles}${news.troubles > 0 ? ` · troubles ${news.troubles}: ${news.lastTrouble.slice(0, 60)}` : ''}`,
    )
  }

  async end(reason: string): Promise<void> {
    this.#stopping = true
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#nextAsk)
    for (const one of [...this.#households, ...this.#pharmacies, ...this.#drivers]) one.stop()
    const { asks, won, lost, deliveries, expired, cancelled, percentiles } = this.#news
    this.#line.say(
      `${reason}: ${asks} requests, ${won} won, ${lost} came too late, ${deliveries} delivered, ${expired} expired, ${cancelled} cancelled; ${percentiles}`,
    )
    this.#wake()
  }
}

await runTool('demo', main)
