/**
 * Pharmacy terminals: each is told of an open request once and of its end once.
 *
 * A push may be lost. The engine repeats a lost `new_request`, because this edge asks for the open
 * requests of its terminals when one connects, after the bus reconnects, and every
 * requestLimits.terminalResyncMs. At the last two of these moments it also looks for lost ends in
 * the read model. The edge, not the engine, remembers what each socket was told, because only the
 * edge knows which socket is new.
 */
import { SetsByKey } from '../../protocol/kernel/sets-by-key.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import {
  requestEnded,
  type NewRequestBody,
  type RequestEnded,
} from '../../protocol/orders/messages.ts'
import { topics, type Push } from '../../protocol/dispatch/pushes.ts'
import type { TerminalsMessage } from '../../protocol/pharmacies/terminals.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { WithRaces } from '../orders/races.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { uploadIdOf } from '../links/own-urls.ts'
import { signedUrl, type SigningContext } from '../links/links.ts'
import { requestStates } from '../sockets/rows.ts'
import type { Session, SocketHandler } from '../kernel/session.ts'
import { TailedMessage } from '../kernel/tailed.ts'
import { requestLimits } from './limits.ts'

type Parts = Pick<Kernel, 'bus' | 'database' | 'log' | 'metrics' | 'random' | 'after' | 'hub'> &
  SigningContext &
  WithRaces

/** One connected terminal, and the requests that it shows. */
interface Terminal {
  readonly session: Session
  readonly pharmacyId: string
  /**
   * Open requests that the terminal was told of, oldest first. Each is told once and closed once.
   */
  told: Set<string> | null
  /** The last requests that ended, oldest first. A late push of them is not told. */
  over: Set<string> | null
}

export class Terminals {
  readonly #parts: Parts
  /** Terminals by pharmacy. */
  readonly #terminals = new SetsByKey<string, Terminal>()
  #announced = new Set<string>()
  #cancelAnnouncement: (() => void) | null = null
  #cancelResync: () => void = () => {}
  readonly #stopStatus: () => void
  #resyncing = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#scheduleResync()
    this.#stopStatus = parts.bus.onStatus(connected => {
      if (connected) void this.#resync()
    })
    parts.hub.onPush('new_request', push => this.#newRequest(push))
    parts.hub.onPush('request_closed', push => {
      if (push.message.type === 'request_taken') parts.races.taken(push.request_id, push.vendor_ids)
      this.#requestClosed(push)
    })
    parts.hub.onDrain(() => this.#stop())
  }

  /** The handler that makes a socket a terminal, from its greeting to its end. */
  handlerFor(
    session: Session,
    pharmacyId: string,
  ): Required<Pick<SocketHandler, 'onOpen' | 'onCaughtUp' | 'onClose'>> {
    let terminal: Terminal | null = null
    return {
      // Open requests follow the greeting; before it they would only wait in the session.
      onOpen: () => {
        if (session.isClosing) return
        this.#parts.hub.subscribe(session, topics.pharmacy(pharmacyId))
        terminal = this.#arrived(pharmacyId, session)
      },
      onCaughtUp: () => this.#askAgain(pharmacyId),
      onClose: () => {
        if (terminal !== null) this.#left(terminal)
      },
    }
  }

  /** A terminal is ready. The open requests of its pharmacy are asked for within milliseconds. */
  #arrived(pharmacyId: string, session: Session): Terminal {
    const terminal: Terminal = { session, pharmacyId, told: null, over: null }
    this.#terminals.add(pharmacyId, terminal)
    this.#announceIn(limits.interestDebounceMs, pharmacyId)
    return terminal
  }

  /** A terminal of this pharmacy has room again for open requests that were kept back. */
  #askAgain(pharmacyId: string): void {
    this.#announceIn(limits.pushIntervalMs, pharmacyId)
  }

  #announceIn(ms: number, pharmacyId: string): void {
    this.#announced.add(pharmacyId)
    this.#cancelAnnouncement ??= this.#parts.after(ms, () => {
      this.#cancelAnnouncement = null
      const pharmacyIds = [...this.#announced]
      this.#announced = new Set()
      this.#announce(pharmacyIds)
    })
  }

  /** Forgets a terminal whose connection is gone. */
  #left(terminal: Terminal): void {
    this.#terminals.delete(terminal.pharmacyId, terminal)
  }

  #announce(pharmacyIds: readonly string[]): void {
    publishList(this.#parts.bus, subjects.terminals, pharmacyIds, (part): TerminalsMessage => ({
      vendor_ids: [...part],
    }))
  }

  /** The time is random, so that edges that started together do not ask together. */
  #scheduleResync(): void {
    const delayMs = requestLimits.terminalResyncMs * (0.75 + 0.5 * this.#parts.random())
    this.#cancelResync = this.#parts.after(delayMs, () => {
      this.#scheduleResync()
      void this.#resync()
    })
  }

  /** Asks for every open request of every terminal here, and finds lost ends. */
  async #resync(): Promise<void> {
    const alone = !this.#resyncing
    this.#resyncing = true
    try {
      this.#announce([...this.#terminals.keys()])
      if (!alone) return
      await this.#closeEnded()
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'terminals: the ends of requests could not be looked up')
    } finally {
      if (alone) this.#resyncing = false
    }
  }

  async #closeEnded(): Promise<void> {
    const told = new Set<string>()
    for (const terminal of this.#all()) for (const id of terminal.told ?? []) told.add(id)
    const ids = [...told]
    for (let at = 0; at < ids.length; at += limits.listLimitMax) {
      const ended = await requestStates(
        this.#parts.database,
        ids.slice(at, at + limits.listLimitMax),
      )
      const states = new Map(ended.map(row => [row.id, row]))
      for (const terminal of this.#all())
        for (const id of terminal.told ?? []) {
          const state = states.get(id)
          if (state === undefined) continue
          if (state.vendor_id === terminal.pharmacyId) isOver(terminal, id)
          else this.#closeFor(terminal, id, endOf(id, state.status, state.vendor_id))
        }
    }
  }

  *#all(): Generator<Terminal> {
    for (const terminals of this.#terminals.values()) yield* terminals
  }

  /**
   * Sends a request to the terminals of the asked pharmacies. The body is encoded once, and the
   * distance is written behind it.
   */
  #newRequest(push: Extract<Push, { kind: 'new_request' }>): void {
    const requestId = push.body.request_id
    const hasFile =
      push.body.prescription_url !== null && uploadIdOf(push.body.prescription_url) !== null
    let message: TailedMessage | null = null
    let delivered = 0
    for (let i = 0; i < push.vendor_ids.length; i++) {
      const terminals = this.#terminals.get(push.vendor_ids[i]!)
      if (terminals === undefined) continue
      // The link to a file names its reader, so a request with a file is written for each terminal.
      if (!hasFile) message ??= new TailedMessage(headOf(push.body))
      const hundredths = Math.round(push.distances_km[i]! * 100)
      for (const terminal of terminals) {
        const { session, told, over } = terminal
        if (told?.has(requestId) === true || over?.has(requestId) === true) continue
        if (
          !(message === null
            ? session.pushText(this.#withLink(session, push.body, hundredths))
            : session.pushTailed(message, hundredths))
        )
          continue
        terminal.told = remember(told, requestId, limits.openRequestsPerTerminalMax)
        delivered++
      }
    }
    if (delivered > 0) this.#parts.metrics.pushesDelivered.inc({ type: 'new_request' }, delivered)
  }

  /**
   * `image_url` is absolute, as the older API documents it, when the terminal named the host that
   * it reached.
   */
  #withLink(session: Session, body: NewRequestBody, hundredths: number): string {
    const path = signedUrl(this.#parts, session.identity!.userId, body.prescription_url!)
    return `${headOf({ ...body, prescription_url: path, image_url: `${session.origin ?? ''}${path}` })}${hundredths / 100}}`
  }

  /** Sends the end only to sockets that were told of the request, and forgets it there. */
  #requestClosed(push: Extract<Push, { kind: 'request_closed' }>): void {
    const text = Buffer.from(JSON.stringify(push.message))
    let delivered = 0
    for (const pharmacyId of push.vendor_ids)
      for (const terminal of this.#terminals.get(pharmacyId) ?? [])
        if (isOver(terminal, push.request_id) && terminal.session.pushText(text)) delivered++
    if (delivered > 0)
      this.#parts.metrics.pushesDelivered.inc({ type: push.message.type }, delivered)
  }

  #closeFor(terminal: Terminal, requestId: string, message: RequestEnded): void {
    if (!isOver(terminal, requestId)) return
    if (terminal.session.push(message))
      this.#parts.metrics.pushesDelivered.inc({ type: message.type })
  }

  #stop(): void {
    this.#cancelAnnouncement?.()
    this.#cancelResync()
    this.#stopStatus()
  }
}

/** The message up to the place of the distance. */
export function headOf(body: NewRequestBody): string {
  return `${JSON.stringify({ type: 'new_request', ...body }).slice(0, -1)},"distance_km":`
}

/**
 * True when the terminal shows the request. The end is noted in any case, because a repeat may
 * arrive after it, above all from another engine.
 */
function isOver(terminal: Terminal, requestId: string): boolean {
  terminal.over = remember(terminal.over, requestId, requestLimits.overRequestsPerTerminalMax)
  return terminal.told?.delete(requestId) === true
}

function remember(ids: Set<string> | null, id: string, max: number): Set<string> {
  ids ??= new Set()
  ids.add(id)
  if (ids.size > max) ids.delete(ids.values().next().value!)
  return ids
}

/** The end of the request for pharmacies that did not get it, from its row. */
function endOf(requestId: string, status: string, pharmacyId: string | null): RequestEnded {
  if (status === 'expired') return requestEnded(requestId, 'expired')
  return requestEnded(
    requestId,
    status === 'cancelled' && pharmacyId === null ? 'cancelled' : 'taken',
  )
}
