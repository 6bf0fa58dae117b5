/**
 * A deployment and its people, from one seed: engines and edges that start and end over one
 * database, one bus and one server of claims. This file wires them, and starts and ends processes.
 * weather.ts causes faults, and engine/sim/checker.ts checks the invariants.
 */
import { Engine } from '../../engine/engine.ts'
import { kinds } from '../../engine/kinds.ts'
import { Chance } from '../../protocol/kernel/chance.ts'
import { Checker } from '../../engine/sim/checker.ts'
import { ClaimServer } from '../../engine/sim/claim-server.ts'
import { SimDatabase } from '../../engine/sim/database.ts'
import { Faults, type FaultKind } from '../../engine/sim/faults.ts'
import { checkingEars } from '../../engine/sim/ears.ts'
import { Network } from '../../engine/sim/network.ts'
import { SimNode } from '../../engine/sim/node.ts'
import { Schedule } from '../../engine/sim/schedule.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Bug } from './bugs/bug.ts'
import { smallBounds, type SmallBounds } from './bounds.ts'
import type { Chatter } from './chatter.ts'
import type { SocketHolder, Surroundings } from './clients.ts'
import { SimEdge, type Listener } from './edge/edge.ts'
import { Driver } from './driver.ts'
import { Clinic } from './clinic.ts'
import { Customer } from './customer.ts'
import { mustHear } from './hearing.ts'
import { cityCentre, tariffOf } from './people.ts'
import { Pharmacy } from './pharmacy.ts'
import { keepOffice } from './pharmacy-office.ts'
import { TalkTruth } from './talk-truth.ts'
import { startTalk } from './talkers.ts'
import { Visitor } from './visitor.ts'

/**
 * Time until every engine has noticed the loss of a slot: one lease, and one more for the renewal.
 */
const doubtMs = 2 * limits.slotLeaseMsDefault
/** Start of virtual time, ms since the epoch. */
const startMs = 1_800_000_000_000

export interface WorldOptions {
  seed: number
  without: ReadonlySet<FaultKind>
  bug: Bug | null
  customers?: number
  hostile: boolean
  /** Do people book appointments? */
  visits: boolean
  /** Do people write to each other? */
  talks: boolean
  /** Number of trace lines to keep. */
  notesMax: number
}

export interface EngineProcess {
  node: SimNode
  engine: Engine
  serving: boolean
  /** Called with the process that a supervisor starts in its place. */
  replaced(by: EngineProcess): void
}
interface Note {
  atMs: number
  who: string
  what: string
}

export class World implements Surroundings {
  readonly schedule = new Schedule(startMs)
  readonly chance: Chance
  readonly faults: Faults
  readonly checker = new Checker()
  readonly network: Network
  readonly database: SimDatabase
  readonly claims: ClaimServer
  readonly engines: EngineProcess[] = []
  readonly pharmacies: Pharmacy[] = []
  readonly drivers: Driver[] = []
  readonly customers: Customer[] = []
  /** The devices of people who talk. */
  readonly chatters: Chatter[] = []
  readonly talk = new TalkTruth((rule, what, id) => this.checker.fail(rule, what, id))
  readonly notes: Note[] = []
  readonly #sockets = new Set<SocketHolder>()
  readonly #options: WorldOptions
  readonly #edges: SimEdge[] = []
  readonly #keys = new Map<string, Record<string, unknown>>()
  readonly #bounds: Partial<SmallBounds>
  #incarnations = 0
  #closing = false
  /** True when one engine at a time takes all slots at its start. */
  #isEmbedded = false

  constructor(options: WorldOptions) {
    this.#options = options
    this.chance = new Chance(options.seed)
    this.faults = new Faults(this.chance.fork('faults'), options.without, options.hostile)
    this.network = new Network(
      this.schedule,
      this.faults,
      this.chance.fork('network'),
      checkingEars(this.checker, this.schedule),
    )
    this.database = new SimDatabase(
      this.schedule,
      this.faults,
      this.chance.fork('database'),
      kinds,
      commit => {
        for (const one of commit.events)
          this.note(
            'journal',
            `${one.actorId} v${one.version} ${one.slot}.${one.seq} ${one.event.type} by ${one.commandId}`,
          )
        this.checker.committed(commit)
        this.talk.committed(commit)
      },
    )
    this.claims = new ClaimServer(
      this.schedule,
      this.faults,
      this.chance.fork('claims'),
      (orderId, pharmacyId, answer) =>
        this.checker.claimAnswered(orderId, pharmacyId, answer, this.schedule.nowMs),
    )
    this.checker.watch(this.database)
    this.checker.audience.onTold = told => mustHear(this, told)
    this.#bounds =
      this.faults.plays('small memory') && this.faults.die('small memory').happens(0.5)
        ? smallBounds(this.faults.die('small memory'))
        : {}
    if (this.#bounds.journal !== undefined) {
      this.faults.count('small memory')
      this.database.queue = this.#bounds.journal
    }
    options.bug?.database?.(this.database)
    options.bug?.claims?.(this.claims)
  }

  joined(one: SocketHolder): void {
    this.#sockets.add(one)
  }
  left(one: SocketHolder): void {
    this.#sockets.delete(one)
  }
  /** Every person with a socket, connected at this moment or not. */
  connected(): readonly SocketHolder[] {
    return [...this.#sockets]
  }
  faulty(listener: Listener): Listener {
    return this.#options.bug?.socket?.(listener) ?? listener
  }

  get startMs(): number {
    return startMs
  }
  edges(): readonly SimEdge[] {
    return this.#edges.filter(edge => edge.node.alive)
  }
  closing(): boolean {
    return this.#closing
  }
  /** Time at which all is healed; Infinity before it is known. */
  calmSinceMs = Infinity
  calm(fromMs: number): void {
    this.calmSinceMs = this.checker.witness.calmSinceMs = fromMs
  }
  /** A clock jumped: for two leases, engines may take slots for their own that they have lost. */
  clocksJumped(): void {
    this.checker.doubtfulUntilMs = this.schedule.nowMs + doubtMs
  }
  /** No new orders from here on. */
  close(): void {
    this.#closing = true
  }

  note(who: string, what: string): void {
    this.notes.push({ atMs: this.schedule.nowMs - startMs, who, what })
    if (this.notes.length > 2 * this.#options.notesMax) this.notes.splice(0, this.#options.notesMax)
  }

  /** A pharmacy registers or changes its row. */
  putPharmacy(row: DirectoryPharmacy): void {
    this.database.store.putPharmacy(row)
    this.checker.witness.pharmacyIs(row, this.schedule.nowMs)
  }

  /** Starts all people. */
  populate(): void {
    const chance = this.chance.fork('people')
    const id = (): string => uuidV7(startMs - 1, chance.random)
    this.#isEmbedded = chance.happens(0.25)
    for (let i = 0, count = this.#isEmbedded ? 1 : chance.whole(2, 3); i < count; i++)
      this.bootEngine()
    for (let i = 0; i < 2; i++) this.bootEdge()
    for (let i = 0, count = chance.whole(3, 4); i < count; i++) {
      const pharmacyId = id()
      const row: DirectoryPharmacy = {
        vendor_id: pharmacyId,
        name: `Pharmacy ${i}`,
        phone: `+1415777${String(i).padStart(4, '0')}`,
        address: chance.happens(0.5) ? `${i} Main St` : null,
        status: 'active',
        is_active: true,
        revision: 1,
        proof_required: chance.happens(0.5),
        latitude: cityCentre.latitude + chance.between(-0.03, 0.03),
        longitude: cityCentre.longitude + chance.between(-0.03, 0.03),
        dispatch_policy: chance.happens(0.4) ? 'offer' : 'manual',
        time_zone: 'UTC',
        opening_hours: null,
        tariff: chance.happens(0.3) ? null : tariffOf(chance),
      }
      this.putPharmacy(row)
      const pharmacy = new Pharmacy(`pharmacy-${i}`, pharmacyId, chance.fork(`pharmacy ${i}`), this)
      this.pharmacies.push(pharmacy)
      void keepOffice(pharmacy, row)
      for (let j = 0, drivers = chance.whole(1, 3); j < drivers; j++) {
        const driver = new Driver(
          `driver-${i}-${j}`,
          id(),
          pharmacyId,
          chance.whole(1, 2),
          chance.fork(`driver ${i} ${j}`),
          this,
        )
        pharmacy.driverIds.push(driver.driverId)
        this.drivers.push(driver)
      }
    }
    const pharmacyIds = this.pharmacies.map(one => one.pharmacyId)
    for (let i = 0, count = this.#options.customers ?? chance.whole(2, 5); i < count; i++) {
      const customer = new Customer(`customer-${i}`, id(), chance.fork(`customer ${i}`), this)
      this.customers.push(customer)
      void customer.live(chance.between(60_000, 240_000), pharmacyIds)
    }
    if (this.#options.visits) this.#openClinics(pharmacyIds)
    for (const one of [...this.customers, ...this.pharmacies, ...this.drivers]) this.joined(one)
    for (const pharmacy of this.pharmacies) void pharmacy.stayConnected()
    for (const driver of this.drivers) void driver.live()
    if (this.#options.talks) startTalk(this)
  }

  /** Pharmacies offer services, and people book them. */
  #openClinics(pharmacyIds: readonly string[]): void {
    const chance = this.chance.fork('visits')
    const id = (): string => uuidV7(startMs - 1, chance.random)
    const clinics = pharmacyIds.slice(0, 2).map((pharmacyId, i) => {
      const clinic = new Clinic(id(), pharmacyId, `clinic-${i}`, chance.fork(`clinic ${i}`), this)
      void clinic.work()
      return clinic
    })
    for (let i = 0, count = chance.whole(4, 8); i < count; i++)
      void new Visitor(id(), `visitor-${i}`, chance.fork(`visitor ${i}`), this).live(clinics)
  }

  #process(kind: 'engine' | 'edge'): SimNode {
    const name = `${kind}-${++this.#incarnations}`
    const node = new SimNode(name, this.schedule, this.chance.fork(name), this.faults)
    if (this.faults.plays('clock skew')) {
      node.skewMs = this.faults.die('clock skew').between(-1_500, 1_500)
      this.faults.count('clock skew')
    }
    return node
  }

  bootEngine(): EngineProcess {
    const { bug } = this.#options
    const node = this.#process('engine')
    const journal = this.database.journal(node)
    const bus = this.network.connect(node)
    const engine = new Engine({
      engineId: node.name,
      env: node.env,
      bus: bug?.engineBus?.(bus) ?? bus,
      claims: this.claims.for(node),
      exclusive: this.#isEmbedded,
      journal: bug?.journal?.(journal, this.database) ?? journal,
      ...(this.#bounds.engine !== undefined && { bounds: this.#bounds.engine }),
      ...(bug?.kinds !== undefined && { kinds: bug.kinds() }),
      log: (level, message, detail) => this.#logged(node, level, message, detail),
    })
    bug?.engine?.(engine)
    const process: EngineProcess = { node, engine, serving: false, replaced() {} }
    this.engines.push(process)
    const crashed = node.onCrash
    node.onCrash = () => {
      crashed()
      this.note(node.name, 'crashed')
      this.engines.splice(this.engines.indexOf(process), 1)
      this.#replaceLater(process)
    }
    engine.start().then(
      () => {
        process.serving = true
        this.note(node.name, 'serves')
      },
      // As a supervisor does with a process that could not start.
      () => node.crash(),
    )
    return process
  }

  #replaceLater(process: EngineProcess): void {
    this.schedule.after(this.chance.between(200, 4_000), () => process.replaced(this.bootEngine()))
  }

  /** Hands over and ends; a new process replaces it. */
  leave(process: EngineProcess): void {
    this.note(process.node.name, 'leaves')
    const end = (): void => process.node.crash()
    process.engine.stop().then(end, end)
  }

  bootEdge(): SimEdge {
    const node = this.#process('edge')
    const bus = this.network.connect(node)
    const edge = new SimEdge(
      node,
      this.#options.bug?.edgeBus?.(bus) ?? bus,
      this.claims.for(node),
      this.database,
      this.#keys,
      this.#options.bug?.firstRows,
    )
    this.#edges.push(edge)
    const crashed = node.onCrash
    node.onCrash = () => {
      crashed()
      this.note(node.name, 'crashed')
      this.#edges.splice(this.#edges.indexOf(edge), 1)
      this.schedule.after(this.chance.between(200, 4_000), () => {
        this.bootEdge()
      })
    }
    return edge
  }

  /** Reports log lines that can only come from a defect of ours, whatever faults surround them. */
  #logged(node: SimNode, level: string, message: string, detail: unknown): void {
    this.note(
      node.name,
      `${level}: ${message}${detail instanceof Error ? ` (${detail.message})` : ''}`,
    )
    if (
      /^deciding for|^after a transition|journal defect/.test(message) ||
      (detail instanceof Error && /journal defect|is not a function|undefined/.test(detail.message))
    )
      this.checker.fail(
        '[defect]',
        `${node.name}: ${message}: ${detail instanceof Error ? (detail.stack ?? detail.message) : String(detail)}`,
      )
  }
}
