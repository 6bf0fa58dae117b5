/** What goes wrong by itself, and when: processes, links, servers and clocks, each by a die of its own. */
import type { FaultKind } from '../../engine/sim/faults.ts'
import type { SimNode } from '../../engine/sim/node.ts'
import type { EngineProcess, World } from './world.ts'

const minute = 60_000

/** Each kind begins its own chain of accidents; `meanMs` apart on average. */
export function startWeather(world: World): void {
  const { faults, schedule, network, claims, database } = world
  const again = (kind: FaultKind, meanMs: number, strike: () => void): void => {
    const die = faults.die(kind)
    const next = (): void => {
      schedule.after(die.around(meanMs / faults.intensity), () => {
        if (faults.healed) return
        if (faults.strikes(kind)) {
          world.note('weather', kind)
          strike()
        }
        next()
      })
    }
    next()
  }
  const nodes = (): SimNode[] => [...world.engines.map(one => one.node), ...world.edges().map(edge => edge.node)]
  const someEngine = (kind: FaultKind): SimNode | null => (world.engines.length === 0 ? null : faults.die(kind).pick(world.engines).node)

  again('engine crash', 6 * minute, () => someEngine('engine crash')?.crash())
  again('engine crash loop', 15 * minute, () => {
    const die = faults.die('engine crash loop')
    // An order must come to its end within one, or a fact that is repeated in each life harms nobody.
    let livesLeft = die.happens(0.5) ? die.whole(4, 12) : die.whole(12, 60)
    const shorten = (process: EngineProcess): void => {
      // Some die before they serve, some with work half done, none lives long enough for what is done in rounds.
      schedule.after(die.happens(0.3) ? die.between(0, 100) : die.between(100, 2_000), () => { if (!faults.healed) process.node.crash() })
      if (--livesLeft > 0) process.replaced = shorten
    }
    if (world.engines.length > 0) shorten(die.pick(world.engines))
  })
  again('engine pause', 6 * minute, () => {
    const node = someEngine('engine pause')
    if (node === null || node.paused) return
    node.pause()
    schedule.after(faults.die('engine pause').between(300, 14_000), () => node.resume())
  })
  again('engine leaves', 20 * minute, () => {
    const process = world.engines.find(one => one.serving && !one.node.paused)
    if (process !== undefined) world.leave(process)
  })
  again('edge crash', 8 * minute, () => { faults.die('edge crash').pick([...world.edges(), null])?.node.crash() })
  again('bus partition', 6 * minute, () => {
    const die = faults.die('bus partition')
    const all = nodes()
    const [a, b] = [die.pick(all), die.pick(all)]
    if (a === b) return
    network.part(a, b)
    schedule.after(die.between(500, 20_000), () => network.join(a, b))
  })
  again('bus cut', 4 * minute, () => {
    const die = faults.die('bus cut')
    const node = die.pick(nodes())
    network.cut(node, die.happens(0.5) ? 0 : die.between(100, 6_000))
    schedule.after(die.between(100, 15_000), () => network.mend(node))
  })
  again('claims down', 12 * minute, () => {
    claims.setDown(true)
    schedule.after(faults.die('claims down').between(200, 20_000), () => claims.setDown(false))
  })
  again('claims flushed', 8 * minute, () => claims.flush())
  again('claims failover', 6 * minute, () => claims.failOver(faults.die('claims failover').between(10, 3_000)))
  again('journal down', 15 * minute, () => {
    const die = faults.die('journal down')
    database.setDown(true)
    if (faults.happens('journal loses unsynced', 0.6)) database.loseUnsynced()
    schedule.after(die.between(100, 9_000), () => database.setDown(false))
  })
  again('clock jump', 8 * minute, () => {
    const die = faults.die('clock jump')
    die.pick(nodes()).skewMs += die.happens(0.1) ? die.between(-60_000, 60_000) : die.between(-4_000, 4_000)
  })
  again('socket drop', 0.5 * minute, () => { const all = world.connected(); if (all.length > 0) faults.die('socket drop').pick(all).dropConnection() })
}

/** Everything works again from now on. */
export function heal(world: World): void {
  world.note('weather', 'all is healed')
  world.faults.heal()
  world.calmSinceMs = world.schedule.nowMs
  world.network.healAll()
  world.claims.setDown(false)
  world.database.setDown(false)
  for (const { node } of world.engines) { node.resume(); node.skewMs = 0 }
  for (const { node } of world.edges()) { node.resume(); node.skewMs = 0 }
}
