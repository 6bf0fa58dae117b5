/**
 * Causes faults of processes, links, servers and clocks, each with its own random generator, and in
 * storms several at once.
 */
import type { FaultKind } from '../../engine/sim/faults.ts'
import type { SimNode } from '../../engine/sim/node.ts'
import type { EngineProcess, World } from './world.ts'

const minute = 60_000
/**
 * A restarted server may forget messages published within this time before; see
 * limits.outboxDoubtMs.
 */
const forgottenMsMax = 900

/** Starts one sequence of accidents for each kind. */
export function startWeather(world: World): void {
  const { faults, schedule } = world
  const accidents = accidentsOf(world)
  const strike = (kind: FaultKind): void => {
    if (!faults.strikes(kind)) return
    world.note('weather', kind)
    accidents.get(kind)!.strike()
  }
  const chain = (kind: FaultKind, meanMs: number, run: () => void): void => {
    const die = faults.die(kind)
    const weight = faults.weight(kind)
    if (weight === 0) return
    const next = (): void => {
      schedule.after(die.around(meanMs / faults.intensity / weight), () => {
        if (faults.healed) return
        run()
        next()
      })
    }
    next()
  }
  for (const [kind, { meanMs }] of accidents) chain(kind, meanMs, () => strike(kind))
  // Several faults at once show bugs that single ones do not.
  chain('storm', 12 * minute, () => {
    if (!faults.strikes('storm')) return
    world.note('weather', 'storm')
    const die = faults.die('storm')
    for (let i = die.whole(2, 6); i > 0; i--) strike(die.pick([...accidents.keys()]))
  })
}

interface Accident {
  meanMs: number
  strike(): void
}

/** By kind: the average interval, and the accident. */
function accidentsOf(world: World): Map<FaultKind, Accident> {
  const { faults, schedule, network, claims, database } = world
  const accidents = new Map<FaultKind, Accident>()
  const accident = (kind: FaultKind, meanMs: number, strike: () => void): void => {
    accidents.set(kind, { meanMs, strike })
  }
  const nodes = (): SimNode[] => [
    ...world.engines.map(one => one.node),
    ...world.edges().map(edge => edge.node),
  ]
  /** A random living process; null when all are dead. */
  const some = (kind: FaultKind): SimNode | null =>
    nodes().length === 0 ? null : faults.die(kind).pick(nodes())
  const someEngine = (kind: FaultKind): SimNode | null =>
    world.engines.length === 0 ? null : faults.die(kind).pick(world.engines).node
  const later = (kind: FaultKind, fromMs: number, toMs: number, run: () => void): void => {
    schedule.after(faults.die(kind).between(fromMs, toMs), run)
  }
  /** Disturbs one process for a while. */
  const ails = (
    kind: FaultKind,
    meanMs: number,
    fromMs: number,
    toMs: number,
    begin: (node: SimNode) => void,
    end: (node: SimNode) => void,
  ): void =>
    accident(kind, meanMs, () => {
      const node = some(kind)
      if (node === null) return
      begin(node)
      later(kind, fromMs, toMs, () => end(node))
    })

  accident('engine crash', 6 * minute, () => someEngine('engine crash')?.crash())
  accident('engine crash loop', 15 * minute, () => {
    const die = faults.die('engine crash loop')
    // An order must end within one life, or a fact that is repeated in each life must do no harm.
    let livesLeft = die.happens(0.5) ? die.whole(4, 12) : die.whole(12, 60)
    const shorten = (process: EngineProcess): void => {
      // Some end before they serve, some with work half done. None runs long enough for work that
      // is done at intervals.
      schedule.after(die.happens(0.3) ? die.between(0, 100) : die.between(100, 2_000), () => {
        if (!faults.healed) process.node.crash()
      })
      if (--livesLeft > 0) process.replaced = shorten
    }
    if (world.engines.length > 0) shorten(die.pick(world.engines))
  })
  accident('engine pause', 6 * minute, () => {
    const node = someEngine('engine pause')
    if (node === null || node.paused) return
    node.pause()
    later('engine pause', 300, 14_000, () => node.resume())
  })
  accident('engine leaves', 20 * minute, () => {
    const process = world.engines.find(one => one.serving && !one.node.paused)
    if (process !== undefined) world.leave(process)
  })
  accident('edge crash', 8 * minute, () => {
    faults
      .die('edge crash')
      .pick([...world.edges(), null])
      ?.node.crash()
  })

  const between = (kind: FaultKind, part: (a: SimNode, b: SimNode) => void): void =>
    accident(kind, 6 * minute, () => {
      const [a, b] = [some(kind), some(kind)]
      if (a === null || b === null || a === b) return
      part(a, b)
      later(kind, 500, 20_000, () => network.join(a, b))
    })
  between('bus partition', (a, b) => network.part(a, b))
  between('bus one way', (a, b) => network.partOneWay(a, b))
  accident('bus cut', 4 * minute, () => {
    const node = some('bus cut')
    const die = faults.die('bus cut')
    if (node === null) return
    network.cut(node, die.happens(0.5) ? 0 : die.between(100, 6_000))
    later('bus cut', 100, 15_000, () => network.mend(node))
  })
  ails(
    'bus deaf',
    8 * minute,
    500,
    12_000,
    node => network.stopReceiving(node),
    node => {
      network.cut(node, 0)
      later('bus deaf', 10, 1_000, () => network.mend(node))
    },
  )
  ails(
    'bus link slow',
    6 * minute,
    2_000,
    60_000,
    node => network.slow(node, faults.die('bus link slow').between(50, 1_500)),
    node => network.slow(node, 0),
  )
  accident('bus restart', 5 * minute, () => {
    network.restart(faults.die('bus restart').between(0, forgottenMsMax))
    // The processes do not all reconnect at once.
    for (const node of nodes()) later('bus restart', 50, 8_000, () => network.mend(node))
  })

  accident('claims down', 12 * minute, () => {
    claims.setDown(true)
    later('claims down', 200, 20_000, () => claims.setDown(false))
  })
  ails(
    'claims unreachable',
    8 * minute,
    1_000,
    30_000,
    node => claims.setReached(node, false),
    node => claims.setReached(node, true),
  )
  accident('claims flushed', 8 * minute, () => claims.flush())
  accident('claims failover', 6 * minute, () =>
    claims.failOver(faults.die('claims failover').between(10, 3_000)),
  )

  accident('journal down', 15 * minute, () => {
    database.setDown(true)
    if (faults.happens('journal loses unsynced', 0.6)) database.loseUnsynced()
    later('journal down', 100, 9_000, () => database.setDown(false))
  })
  ails(
    'journal unreachable',
    8 * minute,
    500,
    20_000,
    node => database.cutOff(node, faults.die('journal unreachable').pick(['requests', 'replies'])),
    node => database.heal(node),
  )
  ails(
    'journal link slow',
    8 * minute,
    2_000,
    60_000,
    node => database.slow(node, faults.die('journal link slow').between(20, 600)),
    node => database.heal(node),
  )

  const jump = (kind: FaultKind): number => {
    const die = faults.die(kind)
    return die.happens(0.1) ? die.between(-60_000, 60_000) : die.between(-4_000, 4_000)
  }
  accident('database clock', 20 * minute, () => {
    database.skewMs += jump('database clock')
    world.clocksJumped()
  })
  accident('clock jump', 8 * minute, () => {
    const node = some('clock jump')
    if (node === null) return
    node.skewMs += jump('clock jump')
    world.clocksJumped()
  })
  accident('socket drop', 0.5 * minute, () => {
    const all = world.connected()
    if (all.length > 0) faults.die('socket drop').pick(all).dropConnection()
  })
  return accidents
}

/**
 * Longest time from the end of the faults until everything works. Each part heals at its own time.
 */
const healingMs = 40_000

/** Stops new faults and heals the existing ones, one after the other. */
export function heal(world: World): void {
  const { schedule, faults, network, claims, database } = world
  world.note('weather', 'nothing new goes wrong')
  faults.heal()
  const chance = world.chance.fork('healing')
  const mend = (run: () => void): void => {
    schedule.after(chance.between(0, healingMs), run)
  }
  mend(() => claims.setDown(false))
  mend(() => database.setDown(false))
  for (const node of network.nodes()) {
    mend(() => network.heal(node))
    mend(() => database.heal(node))
    mend(() => claims.setReached(node, true))
    mend(() => {
      node.resume()
      node.skewMs = 0
    })
  }
  world.calm(schedule.nowMs + healingMs)
}
