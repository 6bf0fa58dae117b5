/**
 * The connections of the live map: one for each pharmacy, because each fleet belongs to a pharmacy.
 * The pill shows how many are connected, and why one is not.
 */
import { connectFleet, type Fleet, type FleetMember } from '../../../protocol/client/index.ts'
import { closedWords, showPill } from '../shared/connection-pill.ts'
import { byId } from '../shared/elements.ts'
import type { Session } from '../shared/session.ts'

interface Listeners {
  /** `isReport`: the driver moved now; otherwise the position is the last known one. */
  onMember(member: MemberNews, isReport: boolean): void
  onReports(count: number): void
  onChange(): void
  onAllEnded(): void
}
/** News of one driver; a change of status contains no place. */
export type MemberNews = Pick<FleetMember, 'driver_id' | 'status'> & Partial<FleetMember>
interface State {
  kind: 'waiting' | 'open' | 'ended'
  words: string
}

/** The server's bound for one account; a map of more fleets would be unreadable. */
export const fleetsMax = 50

export class Fleets {
  readonly #session: Session
  readonly #listeners: Listeners
  readonly #fleets = new Map<string, Fleet>()
  readonly #states = new Map<string, State>()

  constructor(session: Session, listeners: Listeners) {
    this.#session = session
    this.#listeners = listeners
  }

  /** Watches these fleets and stops watching the earlier ones. */
  open(pharmacyIds: readonly string[]): void {
    this.close()
    for (const pharmacyId of pharmacyIds.slice(0, fleetsMax)) this.#connect(pharmacyId)
    this.#showStates()
  }

  close(): void {
    const before = [...this.#fleets.values()]
    this.#fleets.clear()
    this.#states.clear()
    for (const fleet of before) fleet.close()
  }

  #connect(pharmacyId: string): void {
    const fleet = connectFleet({ ...this.#session.connectOptions, vendorId: pharmacyId })
    this.#fleets.set(pharmacyId, fleet)
    this.#states.set(pharmacyId, { kind: 'waiting', words: '' })
    const { onMember, onReports, onChange } = this.#listeners
    fleet.on('fleet', ({ drivers }) => {
      this.#setState(pharmacyId, { kind: 'open', words: '' })
      for (const member of drivers) onMember(member, false)
      onChange()
    })
    fleet.on('locations', ({ drivers }) => {
      for (const member of drivers) onMember(member, true)
      onReports(drivers.length)
      onChange()
    })
    fleet.on('driver_status', member => {
      onMember(member, false)
      onChange()
    })
    fleet.on('closed', closed => {
      if (this.#fleets.get(pharmacyId) !== fleet) return
      const kind = closed.final ? 'ended' : 'waiting'
      this.#setState(pharmacyId, { kind, words: closedWords(closed) })
    })
  }

  #setState(pharmacyId: string, state: State): void {
    this.#states.set(pharmacyId, state)
    this.#showStates()
    // No connection comes back by itself. Most often the token has ended and cannot be replaced.
    if ([...this.#states.values()].every(({ kind }) => kind === 'ended'))
      this.#listeners.onAllEnded()
  }

  #showStates(): void {
    const pill = byId('connection')
    const all = [...this.#states.values()]
    const open = all.filter(({ kind }) => kind === 'open').length
    if (open === all.length) {
      showPill(pill, `Live: ${open} ${open === 1 ? 'pharmacy' : 'pharmacies'}`, 'good')
      return
    }
    const ended = all.find(({ kind }) => kind === 'ended')
    // Most likely a second tab of the same account, because the server's bound counts by account.
    const reason = (ended ?? all.find(({ words }) => words === 'Too many connections'))?.words
    const words = `${open} of ${all.length} connected${reason === undefined ? '' : `: ${reason}`}`
    showPill(pill, words, ended === undefined ? 'warn' : 'bad')
  }
}
