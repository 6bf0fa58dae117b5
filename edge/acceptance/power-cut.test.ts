/**
 * What a power cut would leave: the embedded database has synced the disk before an order is
 * acknowledged. A trace of its processes shows each sync with its time.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import t, { type Test } from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { findBinary } from '../../protocol/testing/binaries.ts'
import { startEmbedded } from '../embedded.ts'
import { http, newCustomer, newPharmacy } from './people.ts'

const strace = findBinary('strace')
const ordersMax = 12
const nowMs = (): number => performance.timeOrigin + performance.now()

/** The line that a missing tracer gives; it fails where all services are required. */
function missing(): string | false {
  if (strace !== null) return false
  const line = 'strace not found; install with: apt-get install strace'
  if (process.env['REQUIRE_SERVICES'] === '1') t.fail(line)
  return line
}

/** The processes that work in this directory. */
const processesIn = (directory: string): string[] =>
  readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`) === directory
    } catch {
      return false
    }
  })

/** Traces the syncs of the cluster; `stop` gives the time at which each was done, ms. */
async function traceSyncs(t: Test, cluster: string): Promise<{ stop(): Promise<number[]> }> {
  const file = join(t.testdir(), 'trace')
  const pids = processesIn(realpathSync(cluster))
  const child = spawn(
    strace!,
    [
      ...'-f -q -ttt -T -e trace=fdatasync,fsync -o'.split(' '),
      file,
      ...pids.flatMap(pid => ['-p', pid]),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  t.teardown(() => child.kill('SIGKILL'))
  const traced = (pid: string): boolean =>
    readFileSync(`/proc/${pid}/status`, 'utf8').includes(`TracerPid:\t${child.pid}\n`)
  while (child.exitCode === null && !pids.every(traced)) await sleep(10)
  t.equal(child.exitCode, null, 'the tracer may attach')
  return {
    async stop() {
      child.kill('SIGINT')
      await once(child, 'exit')
      return readFileSync(file, 'utf8')
        .split('\n')
        .flatMap(line => {
          const [, at, took] = /^\d+ +(\d+\.\d+) .*= 0 <(\d+\.\d+)>$/.exec(line) ?? []
          if (at === undefined) return []
          // The line of a call that another process interrupted has the time of its end.
          const doneS = line.includes(' resumed>') ? Number(at) : Number(at) + Number(took)
          return [1_000 * doneS]
        })
    },
  }
}

/** Orders one after the other, and the time of each request and of its answer. */
async function acknowledged(url: string): Promise<{ fromMs: number; toMs: number }[]> {
  const customer = await newCustomer(url)
  const pharmacy = await newPharmacy(url, 'Power', 27.7, 85.3)
  const orders: { fromMs: number; toMs: number }[] = []
  for (let n = 0; n < ordersMax; n++) {
    const fromMs = nowMs()
    const answer = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: 'home',
        delivery_latitude: 27.7,
        delivery_longitude: 85.3,
        customer_name: 'J',
        customer_phone: '+1234567890',
        items: [],
      },
    })
    const toMs = nowMs()
    t.equal(answer.status, 201)
    orders.push({ fromMs, toMs })
  }
  return orders
}

t.test(
  'an order is acknowledged after the disk has it [2]',
  { skip: process.platform !== 'linux' ? 'strace is of Linux' : missing() },
  async t => {
    const dataDir = await preparedDataDir()
    t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
    const { url, stop } = await startEmbedded(
      { DATA_DIR: dataDir, PORT: '0' },
      { log: pino({ level: 'silent' }) },
    )
    t.teardown(stop)
    const trace = await traceSyncs(t, join(dataDir, 'postgres'))
    const orders = await acknowledged(url)
    const syncs = await trace.stop()
    t.same(
      orders.filter(({ fromMs, toMs }) => !syncs.some(doneMs => doneMs > fromMs && doneMs < toMs)),
      [],
      'a sync was done between each request and its answer',
    )
  },
)
