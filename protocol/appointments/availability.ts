/**
 * The free slots of a service: a pure function of its terms, the seats that are taken, and now.
 *
 * The hours of a date are the instants at which clocks show a local time within them. On the day of
 * a change they are an hour longer or shorter, and a slot in the gap does not exist. Slots begin
 * where the hours of a date begin and go on in elapsed minutes, so both of the repeated hours have
 * slots, and each is told apart by its instant. Rejected: slots at local times; the gap and the
 * repeated hour then need a rule each, and a slot may last an hour more than it takes.
 */
import { weekdays } from '../pharmacies/weekdays.ts'
import { dayMs as msOfDay } from '../kernel/iso-time.ts'
import { minuteOf, type Terms } from './terms.ts'
import {
  dayMs,
  localDayOf,
  localMsOfText,
  minuteMs,
  piecesOf,
  stretchesOf,
  united,
  type Piece,
  type Stretch,
} from './zones.ts'

/** The part of the terms that slots depend on. */
export type SlotTerms = Pick<
  Terms,
  | 'active'
  | 'time_zone'
  | 'duration_minutes'
  | 'interval_minutes'
  | 'capacity'
  | 'notice_minutes'
  | 'buffer_before_minutes'
  | 'buffer_after_minutes'
  | 'window_days'
  | 'rules'
  | 'overrides'
  | 'leave'
  | 'closures'
>

/** An appointment that takes a seat. */
export interface Taken {
  readonly startMs: number
  readonly endMs: number
}

/** Slots in order: when each begins, and its free seats, which may be 0. */
export interface Slots {
  readonly startsMs: number[]
  readonly seats: number[]
}

/** Minutes of a day, from and to; to may be beyond 24:00. */
type Hours = readonly (readonly [from: number, to: number])[]

const hoursOf = (intervals: readonly { from: string; to: string }[]): Hours =>
  intervals
    .map(({ from, to }): [number, number] => {
      const [begin, end] = [minuteOf(from), minuteOf(to)]
      return [begin, end > begin ? end : end + 24 * 60]
    })
    .toSorted((a, b) => a[0] - b[0])

/** The number of seats that intervals take at each moment, as steps in the order of time. */
class Load {
  readonly #timesMs: readonly number[]
  readonly #loads: readonly number[]
  #at = 0

  constructor(timesMs: readonly number[], loads: readonly number[]) {
    this.#timesMs = timesMs
    this.#loads = loads
  }

  get isEmpty(): boolean {
    return this.#timesMs.length === 0
  }

  /** The greatest number at once from `fromMs` until before `toMs`. Quick for rising times. */
  peak(fromMs: number, toMs: number): number {
    const times = this.#timesMs
    const loads = this.#loads
    let at = this.#at
    if (at > 0 && times[at]! > fromMs) at = 0
    while (at + 1 < times.length && times[at + 1]! <= fromMs) at++
    this.#at = at
    let most = 0
    for (; at < times.length && times[at]! < toMs; at++) if (loads[at]! > most) most = loads[at]!
    return most
  }
}

/** The load of intervals that take different numbers of seats. */
function loadOf(intervals: readonly { fromMs: number; toMs: number; seats: number }[]): Load {
  const steps = new Map<number, number>()
  for (const { fromMs, toMs, seats } of intervals) {
    steps.set(fromMs, (steps.get(fromMs) ?? 0) + seats)
    steps.set(toMs, (steps.get(toMs) ?? 0) - seats)
  }
  const timesMs = [...steps.keys()].toSorted((a, b) => a - b)
  let load = 0
  return new Load(
    timesMs,
    timesMs.map(atMs => (load += steps.get(atMs)!)),
  )
}

/**
 * The load of appointments, which take one seat each. Beginnings and ends are sorted as numbers,
 * which is ten times as fast as a sort of the intervals.
 */
function loadOfTaken(taken: readonly Taken[], beforeMs: number, afterMs: number): Load {
  const from = new Float64Array(taken.length)
  const to = new Float64Array(taken.length)
  for (let i = 0; i < taken.length; i++) {
    from[i] = taken[i]!.startMs - beforeMs
    to[i] = taken[i]!.endMs + afterMs
  }
  from.sort()
  to.sort()
  const timesMs: number[] = []
  const loads: number[] = []
  let [i, j] = [0, 0]
  while (j < to.length) {
    const atMs = i < from.length && from[i]! < to[j]! ? from[i]! : to[j]!
    while (i < from.length && from[i] === atMs) i++
    while (j < to.length && to[j] === atMs) j++
    timesMs.push(atMs)
    loads.push(i - j)
  }
  return new Load(timesMs, loads)
}

/** The beginnings of all slots from `fromMs` until before `toMs` that the hours give, in order. */
function beginnings(terms: SlotTerms, fromMs: number, toMs: number): number[] {
  const { time_zone: zone } = terms
  const stepMs = terms.interval_minutes * minuteMs
  const durationMs = terms.duration_minutes * minuteMs
  const stretches = stretchesOf(zone, fromMs - 3 * dayMs, toMs + 3 * dayMs)
  const ofWeekday = weekdays.map(day =>
    hoursOf(terms.rules.filter(rule => rule.days.includes(day))),
  )
  // By the beginning of the date as a number: a text for each day would cost a tenth of all the work.
  const ofDate = new Map(
    terms.overrides.map(({ date, intervals }) => [msOfDay(date), hoursOf(intervals)]),
  )
  const startsMs: number[] = []
  let isSorted = true
  const add = (beginMs: number, endMs: number): void => {
    let atMs =
      beginMs < fromMs ? beginMs + Math.ceil((fromMs - beginMs) / stepMs) * stepMs : beginMs
    if (startsMs.length > 0 && atMs <= startsMs.at(-1)!) isSorted = false
    const lastMs = Math.min(endMs - durationMs, toMs - 1)
    for (; atMs <= lastMs; atMs += stepMs) startsMs.push(atMs)
  }
  // Hours of the day before may reach into the first day.
  const lastDay = localDayOf(zone, toMs)
  for (let day = localDayOf(zone, fromMs) - 1; day <= lastDay; day++) {
    const hours = ofDate.get(day * dayMs) ?? ofWeekday[(((day + 3) % 7) + 7) % 7]!
    if (hours.length === 0) continue
    const one = hours.length === 1 ? unchanging(stretches, day, hours[0]!) : null
    if (one !== null) add(one.fromMs, one.toMs)
    else
      for (const piece of united(
        hours.flatMap(([from, to]) =>
          piecesOf(stretches, day * dayMs + from * minuteMs, day * dayMs + to * minuteMs),
        ),
      ))
        add(piece.fromMs, piece.toMs)
  }
  return isSorted ? startsMs : [...new Set(startsMs)].sort((a, b) => a - b)
}

/** The piece of hours during which no clock changes; null when one may change. */
function unchanging(
  stretches: readonly Stretch[],
  day: number,
  [from, to]: readonly [number, number],
): Piece | null {
  if (stretches.length > 1) return null
  const { offsetMs } = stretches[0]!
  const zeroMs = day * dayMs - offsetMs
  return { fromMs: zeroMs + from * minuteMs, toMs: zeroMs + to * minuteMs }
}

/** Times that are closed, or have fewer seats, with the seats that are missing. */
function absences({ leave, closures, capacity, time_zone: zone }: SlotTerms) {
  const absent = (from: string, to: string, seats: number) => {
    const [fromLocalMs, toLocalMs] = [localMsOfText(from), localMsOfText(to)]
    if (fromLocalMs === null || toLocalMs === null) return []
    return piecesOf(
      stretchesOf(zone, fromLocalMs - 2 * dayMs, toLocalMs + 2 * dayMs),
      fromLocalMs,
      toLocalMs,
    ).map(piece => ({ ...piece, seats }))
  }
  return [
    ...closures.flatMap(({ from, to }) => absent(from, to, capacity)),
    ...leave.flatMap(({ from, to, seats = capacity }) => absent(from, to, seats)),
  ]
}

/** The free seats of each slot. Buffers count for the appointments and not for absences. */
function seatsOf(
  terms: SlotTerms,
  taken: readonly Taken[],
  startsMs: readonly number[],
): { seats: number[]; open: number[] } {
  const { capacity } = terms
  const durationMs = terms.duration_minutes * minuteMs
  const [beforeMs, afterMs] = [
    terms.buffer_before_minutes * minuteMs,
    terms.buffer_after_minutes * minuteMs,
  ]
  const away = loadOf(absences(terms))
  const busy = loadOfTaken(taken, beforeMs, afterMs)
  const open = startsMs.map(atMs =>
    away.isEmpty ? capacity : Math.max(0, capacity - away.peak(atMs, atMs + durationMs)),
  )
  const seats = busy.isEmpty
    ? open
    : startsMs.map((atMs, i) => {
        const here = open[i]!
        if (here === 0) return 0
        return Math.max(0, here - busy.peak(atMs - beforeMs, atMs + durationMs + afterMs))
      })
  return { seats, open }
}

/** The time in which a slot may begin now, by notice and window. */
const bookable = (terms: SlotTerms, nowMs: number): Piece => ({
  fromMs: nowMs + terms.notice_minutes * minuteMs,
  toMs: nowMs + terms.window_days * dayMs,
})

/**
 * The slots that begin from `fromMs` until before `toMs` and may be booked at `nowMs`. A slot
 * without a free seat is among them, with 0 seats.
 */
export function slotsBetween(
  terms: SlotTerms,
  taken: readonly Taken[],
  fromMs: number,
  toMs: number,
  nowMs: number,
): Slots {
  const allowed = bookable(terms, nowMs)
  const [beginMs, endMs] = [Math.max(fromMs, allowed.fromMs), Math.min(toMs, allowed.toMs)]
  if (!terms.active || beginMs >= endMs) return { startsMs: [], seats: [] }
  const startsMs = beginnings(terms, beginMs, endMs)
  return { startsMs, seats: seatsOf(terms, taken, startsMs).seats }
}

export const slotVerdicts = ['free', 'past', 'too_soon', 'too_far', 'closed', 'taken'] as const
export type SlotVerdict = (typeof slotVerdicts)[number]

/** May the slot that begins then be booked at `nowMs`, and if not, why? */
export function verdictOn(
  terms: SlotTerms,
  taken: readonly Taken[],
  startMs: number,
  nowMs: number,
): SlotVerdict {
  if (startMs <= nowMs) return 'past'
  const allowed = bookable(terms, nowMs)
  if (startMs < allowed.fromMs) return 'too_soon'
  if (startMs >= allowed.toMs) return 'too_far'
  if (!terms.active) return 'closed'
  const startsMs = beginnings(terms, startMs, startMs + 1)
  if (startsMs.length === 0) return 'closed'
  const { seats, open } = seatsOf(terms, taken, startsMs)
  return seats[0]! > 0 ? 'free' : open[0]! > 0 ? 'taken' : 'closed'
}

/** The first free slots that begin from `fromMs` until before `toMs`, at most `count`. */
export function nextFree(
  terms: SlotTerms,
  taken: readonly Taken[],
  { fromMs, toMs = Infinity }: { fromMs: number; toMs?: number },
  nowMs: number,
  count: number,
): number[] {
  const found: number[] = []
  const allowed = bookable(terms, nowMs)
  const endMs = Math.min(toMs, allowed.toMs)
  for (
    let atMs = Math.max(fromMs, allowed.fromMs);
    atMs < endMs && found.length < count;
    atMs += 7 * dayMs
  ) {
    const { startsMs, seats } = slotsBetween(
      terms,
      taken,
      atMs,
      Math.min(atMs + 7 * dayMs, endMs),
      nowMs,
    )
    for (let i = 0; i < startsMs.length && found.length < count; i++)
      if (seats[i]! > 0) found.push(startsMs[i]!)
  }
  return found
}

/** The slot that a person in the pharmacy gets; without a free one, the reason. */
export type ImmediateSlot =
  | { startMs: number }
  | { verdict: Extract<SlotVerdict, 'past' | 'too_far' | 'closed' | 'taken'> }

/**
 * The slot for a person who stands in the pharmacy: the one that began last and is not over, or the
 * next one that begins within `aheadMs`. Notice is for others. `askedMs` is the wish for one slot.
 */
export function immediateSlot(
  terms: SlotTerms,
  taken: readonly Taken[],
  askedMs: number | null,
  nowMs: number,
  aheadMs: number,
): ImmediateSlot {
  const durationMs = terms.duration_minutes * minuteMs
  if (askedMs !== null && askedMs + durationMs <= nowMs) return { verdict: 'past' }
  if (askedMs !== null && askedMs > nowMs + aheadMs) return { verdict: 'too_far' }
  if (!terms.active) return { verdict: 'closed' }
  const startsMs =
    askedMs === null
      ? beginnings(terms, nowMs - durationMs + 1, nowMs + aheadMs + 1)
      : beginnings(terms, askedMs, askedMs + 1)
  const { seats, open } = seatsOf(terms, taken, startsMs)
  const free = startsMs.filter((_, i) => seats[i]! > 0)
  const startMs = free.findLast(atMs => atMs <= nowMs) ?? free[0]
  if (startMs !== undefined) return { startMs }
  return { verdict: open.some(here => here > 0) ? 'taken' : 'closed' }
}

const weekMs = 7 * dayMs

/**
 * The free slots that may be booked at one moment, for many questions. Each week is computed once,
 * so a full calendar answers a thousand customers who wait as quickly as one.
 */
export class FreeSlots {
  readonly #terms: SlotTerms
  readonly #taken: Taken[]
  readonly #nowMs: number
  readonly #allowed: Piece
  /** The beginnings of the free slots of a week, by its number since the epoch. */
  readonly #weeks = new Map<number, number[]>()

  constructor(terms: SlotTerms, taken: readonly Taken[], nowMs: number) {
    this.#terms = terms
    this.#taken = [...taken]
    this.#nowMs = nowMs
    this.#allowed = bookable(terms, nowMs)
  }

  /** The first that begins from `fromMs` until before `toMs`. */
  first(fromMs: number, toMs: number): number | undefined {
    const beginMs = Math.max(fromMs, this.#allowed.fromMs)
    const endMs = Math.min(toMs, this.#allowed.toMs)
    for (let week = Math.floor(beginMs / weekMs); week * weekMs < endMs; week++) {
      const found = this.#ofWeek(week).find(atMs => atMs >= beginMs)
      if (found !== undefined) return found < endMs ? found : undefined
    }
    return undefined
  }

  /** Takes a seat of the slot. */
  take(startMs: number): void {
    const { duration_minutes, buffer_before_minutes, buffer_after_minutes } = this.#terms
    const durationMs = duration_minutes * minuteMs
    this.#taken.push({ startMs, endMs: startMs + durationMs })
    const reachMs = durationMs + (buffer_before_minutes + buffer_after_minutes) * minuteMs
    const last = Math.floor((startMs + reachMs) / weekMs)
    for (let week = Math.floor((startMs - reachMs) / weekMs); week <= last; week++)
      this.#weeks.delete(week)
  }

  #ofWeek(week: number): number[] {
    let free = this.#weeks.get(week)
    if (free === undefined) {
      const [fromMs, toMs] = [week * weekMs, (week + 1) * weekMs]
      // A slot and both buffers are shorter than three days.
      const near = this.#taken.filter(
        ({ startMs, endMs }) => endMs > fromMs - 3 * dayMs && startMs < toMs + 3 * dayMs,
      )
      const { startsMs, seats } = slotsBetween(this.#terms, near, fromMs, toMs, this.#nowMs)
      free = startsMs.filter((_, i) => seats[i]! > 0)
      this.#weeks.set(week, free)
    }
    return free
  }
}
