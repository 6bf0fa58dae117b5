/**
 * Kills the process of `npm start` again and again with SIGKILL under load, at any moment including
 * its recovery. At the end its database is opened, and every acknowledgement must be in it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '../../migrations/database/open.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { Chance } from '../../protocol/kernel/chance.ts'
import { settled } from '../rigs/parallel.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { dyingWithUs } from '../../protocol/testing/services.ts'
import { newTally } from './memory/ask.ts'
import { check } from './memory/check.ts'
import { readLedger } from './memory/ledger.ts'
import { Memory } from './memory/memory.ts'
import { gatherPeople } from './memory/people.ts'
import { delivered, type Outcome } from './run.ts'
import { customerLife } from './stories.ts'

export interface KillOptions {
  seed: number
  kills: number
  customers?: number
  /**
   * Time without faults at the end, ms. Broadcasts live for half a minute at most, and then every
   * one must have ended.
   */
  restMs?: number
  say(line: string): void
  progress(line: string): void
  interrupted(): boolean
}

/** Longer than any start on a busy machine. An early end of the process is noticed at once. */
const readyTimeoutMs = 180_000
/**
 * Share of kills while it starts: in its imports, in the recovery of the database, in its own
 * recovery.
 */
const earlyDeaths = 0.33
/** Other kills come after the process has acknowledged something, or after this time, ms. */
const loadMs = 4_000
const outputCharactersMax = 4_000
const restMsDefault = 30_000

/** Runs the kills and then the checks. */
export async function killAgainAndAgain(
  options: KillOptions,
): Promise<Outcome & { kills: number }> {
  const chance = new Chance(options.seed)
  const memory = new Memory()
  const tally = newTally()
  const dataDir = await preparedDataDir()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const wrong: string[] = []
  let child: ChildProcess | null = null
  let output = ''
  const start = (): { ready: Promise<boolean> } => {
    output = ''
    const [file, ...args] = dyingWithUs([
      process.execPath,
      fileURLToPath(new URL('../../edge/start.js', import.meta.url)),
    ])
    const one = spawn(file, args, {
      env: {
        PATH: process.env['PATH'],
        PORT: String(port),
        DATA_DIR: dataDir,
        LOG_LEVEL: 'warn',
        JWT_SECRET_KEY: 'only for torture on the loopback interface',
        JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '1440',
        BENCH_ALLOWED: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    child = one
    const ready = new Promise<boolean>(resolve => {
      const timer = setTimeout(() => resolve(false), readyTimeoutMs)
      const settle = (is: boolean): void => {
        clearTimeout(timer)
        resolve(is)
      }
      one.once('exit', () => settle(false))
      for (const stream of [one.stdout, one.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output = (output + text).slice(-outputCharactersMax)
          if (output.includes('Caduceus is at')) settle(true)
        })
    })
    return { ready }
  }
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    const one = child
    if (one === null || one.exitCode !== null || one.signalCode !== null) return
    const gone = once(one, 'exit')
    one.kill(signal)
    await gone
  }
  /** A process that ends by itself is also an error: the data exists, but nobody can read it. */
  const endedByItself = (): boolean =>
    child !== null && (child.exitCode !== null || child.signalCode !== null)
  const endWithUs = (): void => {
    child?.kill('SIGKILL')
  }
  process.once('exit', endWithUs)

  let kills = 0
  let underLoad = 0
  let endMs = Infinity
  let closePeople = (): void => undefined
  try {
    if (!(await start().ready)) throw new Error(`the embedded server does not start: ${output}`)
    const people = await gatherPeople({
      urls: [url],
      chance: chance.fork('people'),
      memory,
      tally,
      pharmacies: 3,
      driversEach: 2,
      customers: options.customers ?? 4,
    })
    closePeople = () => people.close()
    const lives = people.customers.map((customer, index) =>
      customerLife(
        {
          urls: [url],
          people,
          memory,
          tally,
          endMs: () => endMs,
          pauseMsMax: 100,
          chance: chance.fork(`customer ${index}`),
        },
        customer,
      ),
    )
    for (let life = 0; kills < options.kills && !options.interrupted(); life++) {
      const { ready } = life === 0 ? { ready: Promise.resolve(true) } : start()
      const early = life > 0 && chance.happens(earlyDeaths)
      if (!early && !(await ready)) {
        wrong.push(`start ${life} failed: ${output}`)
        break
      }
      const before = memory.acknowledgements
      if (!early) await settled(() => memory.acknowledgements > before, loadMs)
      await new Promise<void>(resolve => {
        setTimeout(resolve, early ? chance.between(20, 1_500) : chance.between(0, 400))
      })
      if (memory.acknowledgements > before) underLoad++
      if (endedByItself()) {
        wrong.push(
          `life ${life} ended by itself with ${child!.exitCode ?? child!.signalCode}: ${output}`,
        )
        break
      }
      await kill('SIGKILL')
      kills++
      options.progress(
        `torture: ${kills} of ${options.kills} kills · orders ${memory.orders.size} · acknowledged ${memory.acknowledgements} · delivered ${delivered(memory)}`,
      )
    }
    // Without faults again: started work may end, deadlines are kept, and the same keys get the
    // same answers.
    if (wrong.length === 0 && !(await start().ready))
      wrong.push(`it does not start any more: ${output}`)
    endMs = performance.now() + 5_000
    await Promise.all(lives)
    if (wrong.length === 0)
      await new Promise<void>(resolve => {
        setTimeout(resolve, options.restMs ?? restMsDefault)
      })
    await kill('SIGTERM')
  } finally {
    closePeople()
    await kill('SIGKILL')
    process.off('exit', endWithUs)
  }
  const database = await openDatabase({ dataDir })
  try {
    wrong.push(
      ...check(
        memory,
        await readLedger(text => database.pool.query(text)),
        null,
        Date.now() - 5_000,
      ),
    )
  } finally {
    await database.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return {
    kills,
    wrong,
    faults: new Map([
      ['killed', kills],
      ['of these after an acknowledgement of the same life', underLoad],
    ]),
    orders: memory.orders.size,
    acknowledgements: memory.acknowledgements,
    tally,
    fenced: 0,
    wins: [...memory.orders.values()].filter(order => order.winner !== null).length,
    deliveries: delivered(memory),
  }
}
