/**
 * An edge is killed that has thousands of sockets. Drivers and terminals, each the ordinary client,
 * lose it at the same moment and come back to it at the same moment: each asks for a fresh token
 * before it connects, and gets none before the edge is up again, as if that edge gave the tokens.
 * The edge admits a fifth of them a second (HANDSHAKES_PER_SECOND) and no more. A refused client
 * must hear when to connect again and must not connect before. All must come back by themselves, no
 * client of the other edge may notice, and no acknowledged location may be missing on the bus.
 *
 * Rejected: sockets of a load generator, as the reconnect bench has them. The client is tested here
 * as much as the edge: its pauses, its buffer and its reaction to a refusal. Rejected: clients that
 * connect again after their own pauses. When a busy machine has started an edge, these are so far
 * apart that the edge need not refuse anybody, and the check could not fail.
 */
import { openDatabase } from '../../migrations/database/open.ts'
import { natsBus } from '../../protocol/bus/nats.ts'
import {
  connectDriver,
  connectTerminal,
  type Driver,
  type Terminal,
} from '../../protocol/client/index.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { startDeployment, type Deployment } from '../../protocol/testing/deployment.ts'
import { PositionsOnBus } from '../../protocol/testing/positions.ts'
import { settled } from '../rigs/parallel.ts'
import { populate, type Population } from '../rigs/population.ts'
import { Admissions } from './admissions.ts'
import { center } from './memory/people.ts'
import { clientLimits } from '../../protocol/client/limits.ts'
import { socketLimits } from '../../edge/kernel/limits.ts'

export interface StormOptions {
  /** Sockets at the edge that is killed. */
  sockets: number
  /** Number of times that it is killed. */
  storms: number
  say(line: string): void
  progress(line: string): void
}

export interface StormOutcome {
  /** Errors; empty when passed. */
  wrong: string[]
  sockets: number
  drivers: number
  /**
   * Per storm: seconds from the moment when clients get their tokens until the last one is back.
   */
  backSeconds: number[]
  /** Per storm: handshakes that the new edge told to come later. */
  refused: number[]
  frames: number
  /** Memory of the edge after each storm, with all clients back. */
  residentMegabytes: number[]
}

const driverShare = 0.1
/** Sockets at the other edge, which must not be disturbed. */
const bystanders = 20
const frameEveryMs = 1_000
const awayMs = 500
/** Twice the client's longest pause: all clients have asked for a token by then. */
const knockMs = 2 * clientLimits.reconnectMsMax
/**
 * Handshakes that the edge admits in a second: few, so that refusals do not depend on the speed of
 * the machine.
 */
const admittedPerSecond = (sockets: number): number =>
  Math.min(socketLimits.handshakesPerSecondMax, Math.ceil(sockets / 5))
/**
 * Several times the client's longest pause, plus three times the time in which the edge admits all.
 */
const backMs = (sockets: number): number =>
  4 * clientLimits.reconnectMsMax + (3_000 * sockets) / admittedPerSecond(sockets)
const emptyMs = 60_000

/** Runs the storms, one after the other. */
export async function storm(options: StormOptions): Promise<StormOutcome> {
  const { sockets, progress } = options
  const wrong: string[] = []
  const perSecond = admittedPerSecond(sockets)
  const deployment = await startDeployment({
    environment: {
      HANDSHAKES_PER_SECOND: String(perSecond),
      RATE_LIMIT_SOCKET_PER_ADDRESS: '1000000',
      RATE_LIMIT_SOCKET_PER_ACCOUNT: '1000000',
    },
  })
  const ends: (() => unknown)[] = [() => deployment.stop()]
  try {
    const [dying, other] = deployment.urls as [string, string]
    const driverCount = Math.ceil(sockets * driverShare)
    const people = await populated(deployment, sockets - driverCount + bystanders, driverCount)
    const positions = await PositionsOnBus.observe(deployment.servers.nats.url, center)
    ends.push(() => positions.close())
    const admissions = new Admissions()
    const gate = new Gate()
    const connect = (url: string, token: string) => ({
      url,
      token: () => gate.passed(token),
      WebSocket: admissions.socketClass(),
    })
    const drivers = people.drivers.map(({ token }) => connectDriver(connect(dying, token)))
    const terminals = people.pharmacies
      .slice(bystanders)
      .map(({ token }) => connectTerminal(connect(dying, token)))
    const undisturbed = people.pharmacies
      .slice(0, bystanders)
      .map(({ token }) => connectTerminal({ ...connect(other, token), token }))
    const all: (Driver | Terminal)[] = [...drivers, ...terminals]
    ends.push(() => {
      for (const one of [...all, ...undisturbed]) one.close()
    })
    const senders = drivers.map((_, index) => positions.sender(index))
    const driving = setInterval(() => {
      drivers.forEach((driver, index) => driver.sendLocation(senders[index]!.next()))
    }, frameEveryMs)
    ends.push(() => clearInterval(driving))
    const open = (): number => all.filter(one => one.isOpen).length
    const allBack = (): Promise<boolean> =>
      settled(
        () => {
          progress(`storm: ${open()} of ${sockets} sockets open`)
          return open() === sockets
        },
        backMs(sockets),
        50,
      )
    if (!(await allBack())) wrong.push(`${sockets - open()} of ${sockets} sockets never opened`)
    const opens: number[] = []
    for (const driver of drivers)
      driver.on('open', () => {
        opens.push(performance.now())
      })
    for (const terminal of terminals)
      terminal.on('open', () => {
        opens.push(performance.now())
      })
    let disturbed = 0
    if (!(await settled(() => undisturbed.every(one => one.isOpen), backMs(bystanders))))
      wrong.push('the bystanders never opened')
    for (const one of undisturbed)
      one.on('closed', () => {
        disturbed++
      })

    const outcome: StormOutcome = {
      wrong,
      sockets,
      drivers: driverCount,
      backSeconds: [],
      refused: [],
      frames: 0,
      residentMegabytes: [],
    }
    for (let i = 0; i < options.storms; i++) {
      options.say(`storm: ${open()} sockets open, and their edge is killed`)
      gate.close()
      await deployment.edges[0]!.down('SIGKILL')
      await settled(() => open() === 0, awayMs)
      opens.length = 0
      const refusedBefore = admissions.refused
      deployment.edges[0]!.up()
      await deployment.untilHealthy()
      if (!(await settled(() => gate.waiting === sockets, knockMs)))
        wrong.push(
          `storm ${i + 1}: ${sockets - gate.waiting} of ${sockets} clients did not try to come back`,
        )
      gate.open()
      const fromMs = performance.now()
      if (!(await allBack()))
        wrong.push(`storm ${i + 1}: ${sockets - open()} of ${sockets} did not come back`)
      outcome.backSeconds.push((performance.now() - fromMs) / 1_000)
      const refused = await metricOf(dying, 'caduceus_handshakes_refused_total')
      outcome.refused.push(refused)
      if (refused === 0)
        wrong.push(`storm ${i + 1}: ${sockets} came at once, and the edge refused nobody`)
      if (refused !== admissions.refused - refusedBefore)
        wrong.push(
          `storm ${i + 1}: the edge refused ${refused}, and ${admissions.refused - refusedBefore} were told when to come again`,
        )
      wrong.push(...admissions.wrong.splice(0))
      outcome.residentMegabytes.push(
        (await metricOf(dying, 'caduceus_process_resident_memory_bytes')) / 1e6,
      )
      const tooSoon = opens.findIndex(
        (atMs, index) => index + 1 > perSecond * (1 + (atMs - fromMs) / 1_000),
      )
      if (tooSoon >= 0)
        wrong.push(
          `storm ${i + 1}: the edge admitted ${tooSoon + 1} within ${(opens[tooSoon]! - fromMs).toFixed(0)} ms`,
        )
      // Exactly as many sockets as clients: half-open sockets of the storm would stay for ever.
      if (
        !(await metricIs(dying, 'caduceus_sockets', sockets)) ||
        !(await metricIs(dying, 'caduceus_handshakes_under_way', 0))
      )
        wrong.push(
          `storm ${i + 1}: the edge counts ${await metricOf(dying, 'caduceus_sockets')} sockets of ${sockets}, ${await metricOf(dying, 'caduceus_handshakes_under_way')} of them beginning`,
        )
    }
    clearInterval(driving)
    if (disturbed > 0) wrong.push(`${disturbed} connections to the other edge were closed`)
    if (!(await settled(() => drivers.every(one => one.unacknowledged.length === 0), emptyMs)))
      wrong.push(
        `${drivers.filter(one => one.unacknowledged.length > 0).length} drivers' locations are not acknowledged`,
      )
    drivers.forEach((driver, index) => {
      const sender = senders[index]!
      outcome.frames += sender.sent
      const missing = sender.missing(sender.sent - driver.unacknowledged.length)
      if (missing.length > 0)
        wrong.push(
          `driver ${index}: ${missing.length} of ${sender.sent} acknowledged locations never came to the bus`,
        )
      if (driver.evicted > 0) wrong.push(`driver ${index}: gave up ${driver.evicted} locations`)
    })
    return outcome
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** Holds clients that wait for a token. Open at first. */
class Gate {
  #closed: Promise<void> | null = null
  #open: () => void = () => undefined
  waiting = 0

  close(): void {
    this.#closed = new Promise(resolve => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#closed = null
    this.waiting = 0
    this.#open()
  }

  async passed(token: string): Promise<string> {
    if (this.#closed !== null) {
      this.waiting++
      await this.#closed
    }
    return token
  }
}

async function populated(
  deployment: Deployment,
  pharmacies: number,
  drivers: number,
): Promise<Population> {
  const database = await openDatabase({ url: deployment.servers.postgres.url })
  const bus = await natsBus(deployment.servers.nats.url, { name: 'storm' })
  try {
    const places = Array.from({ length: pharmacies }, (_, index) => ({
      latitude: center.latitude + index * 1e-4,
      longitude: center.longitude,
    }))
    return await populate(
      { database, bus, jwtSecret: deployment.jwtSecret, ...realEnv() },
      { pharmacies: places, drivers },
    )
  } finally {
    await bus.close()
    await database.close()
  }
}

/** The sum of the metric over all labels. */
async function metricOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return text
    .split('\n')
    .filter(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

async function metricIs(url: string, name: string, value: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await metricOf(url, name)) === value) return true
    await new Promise<void>(resolve => {
      setTimeout(resolve, 100)
    })
  }
  return false
}

/** The outcome as lines of text. */
export function reportStorm({
  wrong,
  sockets,
  drivers,
  backSeconds,
  refused,
  frames,
  residentMegabytes,
}: StormOutcome): string[] {
  return [
    `sockets                ${sockets}, of these drivers ${drivers}; ${frames} locations sent`,
    `back after             ${backSeconds.map(seconds => `${seconds.toFixed(1)} s`).join(', ')}`,
    `told to come later     ${refused.join(', ')} handshakes of ${sockets} clients, with ${admittedPerSecond(sockets)} admitted a second`,
    `memory of the edge     ${residentMegabytes.map(megabytes => `${megabytes.toFixed(0)} MB`).join(', ')}`,
    ...wrong.slice(0, 100).map(line => `WRONG  ${line}`),
    wrong.length === 0
      ? 'all came back and none before it was told to, nobody else noticed, and no acknowledged location is missing'
      : `${wrong.length} things are wrong`,
  ]
}
