/**
 * All faults of the deployment, one row each: frequency, target, duration. Only one fault at a time
 * acts on a target, and heals it at its end. Several faults act at once on different targets.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'
import type { Service } from '../../protocol/testing/services.ts'
import type { Deployment } from '../../protocol/testing/deployment.ts'
import { redisCommand } from '../../protocol/testing/redis-command.ts'
import { serverNames, type Member, type ServerName } from '../../protocol/testing/member.ts'

export interface Fault {
  name: string
  weight: number
  /** The targets that it would have now, by name, and the function that acts on them. */
  target(
    deployment: Deployment,
    chance: Chance,
  ): { targets: readonly string[]; run(): Promise<void> }
}

const sleep = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

/** A fault of one of our processes. */
const ofMember = (
  name: string,
  weight: number,
  members: 'engines' | 'edges' | 'members',
  run: (member: Member, chance: Chance) => Promise<void>,
): Fault => ({
  name,
  weight,
  target(deployment, chance) {
    const member = chance.pick(deployment[members])
    return { targets: [member.name], run: () => run(member, chance) }
  },
})

/** A fault of one of the servers. */
const ofServer = (
  name: string,
  weight: number,
  server: ServerName,
  run: (service: Service, chance: Chance) => Promise<void>,
): Fault => ({
  name,
  weight,
  target: (deployment, chance) => ({
    targets: [server],
    run: () => run(deployment.servers[server], chance),
  }),
})

const restart =
  (signal: 'SIGKILL' | 'SIGTERM') =>
  async (member: Member, chance: Chance): Promise<void> => {
    await member.down(signal)
    await sleep(chance.happens(0.5) ? chance.between(0, 300) : chance.between(300, 8_000))
    member.up()
  }

const pause =
  (msMin: number, msMax: number) =>
  async (member: Member, chance: Chance): Promise<void> => {
    member.signal('SIGSTOP')
    try {
      await sleep(chance.between(msMin, msMax))
    } finally {
      member.signal('SIGCONT')
    }
  }

/** One server as one member sees it, or all of them. */
const someServers = (chance: Chance): readonly ServerName[] =>
  chance.happens(0.3) ? serverNames : [chance.pick(serverNames)]

const weather =
  (
    of: (chance: Chance) => Parameters<Member['weather']>[1],
    msMin: number,
    msMax: number,
    cut = false,
  ) =>
  async (member: Member, chance: Chance): Promise<void> => {
    const servers = someServers(chance)
    member.weather(servers, of(chance))
    if (cut) member.cut(servers)
    try {
      await sleep(chance.between(msMin, msMax))
    } finally {
      member.weather(servers, {})
    }
  }

/** Kills it, waits, and starts it again without the contents of its memory. */
const crash = async (service: Service, chance: Chance): Promise<void> => {
  await service.kill()
  await sleep(chance.between(0, 5_000))
  await service.restart()
}
const hang = async (service: Service, chance: Chance): Promise<void> => {
  service.pause()
  try {
    await sleep(chance.between(300, 7_000))
  } finally {
    service.resume()
  }
}

/** Does nothing when the service is down or hangs. */
const flush = async (service: Service): Promise<void> => {
  await redisCommand(service.port, 'FLUSHALL').catch(() => undefined)
}

/**
 * Cuts connections while replies are on their way: the scripts ran, and their answers never arrive.
 */
const loseReplies = async (member: Member, chance: Chance): Promise<void> => {
  member.weather(['redis'], { delayMs: chance.between(5, 60) })
  try {
    await sleep(chance.between(100, 600))
    member.cut(['redis'])
  } finally {
    member.weather(['redis'], {})
  }
}

export const faults: readonly Fault[] = [
  ofMember('engine killed', 4, 'engines', restart('SIGKILL')),
  ofMember('engine handed over', 1, 'engines', restart('SIGTERM')),
  ofMember(
    'engine paused beyond its lease',
    3,
    'engines',
    pause(limits.slotLeaseMsDefault * 1.1, limits.slotLeaseMsDefault * 1.8),
  ),
  ofMember('engine paused', 2, 'engines', pause(200, 3_000)),
  ofMember('edge killed', 3, 'edges', restart('SIGKILL')),
  ofMember('edge drained', 1, 'edges', restart('SIGTERM')),
  ofMember('edge paused', 2, 'edges', pause(200, 7_000)),
  ofMember('connections cut', 5, 'members', async (member, chance) =>
    member.cut(someServers(chance)),
  ),
  ofMember(
    'cut off',
    3,
    'members',
    weather(() => ({ refusing: true }), 500, 8_000, true),
  ),
  ofMember(
    'stalled',
    3,
    'members',
    weather(() => ({ stalled: true }), 300, 8_000),
  ),
  ofMember(
    'half-open',
    2,
    'members',
    weather(() => ({ swallowing: true }), 300, 5_000),
  ),
  ofMember(
    'slow',
    3,
    'members',
    weather(chance => ({ delayMs: chance.between(5, 200) }), 1_000, 6_000),
  ),
  ofMember(
    'narrow',
    1,
    'members',
    weather(chance => ({ bytesPerSecond: chance.between(20_000, 200_000) }), 1_000, 5_000),
  ),
  ofServer('nats crashed', 2, 'nats', crash),
  ofServer('nats hung', 1, 'nats', hang),
  ofServer('redis crashed, back empty', 2, 'redis', crash),
  ofServer('redis hung', 1, 'redis', hang),
  ofServer('redis flushed', 2, 'redis', flush),
  ofServer('postgres crashed', 2, 'postgres', crash),
  ofServer('postgres restarted', 1, 'postgres', service => service.restart()),
  ofServer('postgres hung', 1, 'postgres', hang),
]

/**
 * Faults that can mislead a race: the claims forget or cannot be reached, commands are sent again.
 */
export const claimFaults: readonly Fault[] = [
  ofServer('redis flushed', 6, 'redis', flush),
  ofServer('redis crashed, back empty', 2, 'redis', crash),
  ofServer('redis hung', 1, 'redis', hang),
  ofMember('claim replies lost', 6, 'edges', loseReplies),
  ofMember(
    'edge half-open',
    1,
    'edges',
    weather(() => ({ swallowing: true }), 300, 3_000),
  ),
  ofMember('commands repeated', 3, 'edges', async member => member.cut(['nats'])),
]

/**
 * Faults of engines during a race: half of the orders wait for a lease to end, and then have
 * another owner.
 */
export const ownerFaults: readonly Fault[] = [
  ofMember('engine killed', 1, 'engines', restart('SIGKILL')),
  ofMember(
    'engine cut off',
    0.5,
    'engines',
    weather(() => ({ refusing: true }), 500, 3_000, true),
  ),
  ofMember(
    'engine paused beyond its lease',
    0.3,
    'engines',
    pause(limits.slotLeaseMsDefault * 1.1, limits.slotLeaseMsDefault * 1.5),
  ),
]
