/**
 * What papers say, as pure functions of papers, requirements and a moment. Nothing of it is stored:
 * the same papers mean something else tomorrow.
 *
 * A paper is good through the whole day of its expiry, by the calendar of its place. Rejected: the
 * end of that day in UTC, which ends a licence in the afternoon in New York.
 */
import { Temporal } from 'temporal-polyfill'
import { paperKinds, type GoodsClass, type PaperKind, type PaperState } from './kinds.ts'

/** Days before the expiry at which its holder is warned; the first makes a paper `expiring`. */
export const warningDays = [30, 7, 1] as const

/** A paper as the rules see it. */
export interface PaperFacts {
  id: string
  kind: PaperKind
  /** YYYY-MM-DD; null for a paper that does not expire. */
  expiresOn: string | null
  decision: 'approved' | 'rejected' | null
  revoked: boolean
  /** A newer paper came before anybody decided upon this one. */
  replaced: boolean
  /** End of the lease of a reviewer in ms; null without one. */
  reviewUntilMs: number | null
}

export interface RequirementFacts {
  id: string
  kind: PaperKind
  /** Null: needed to work at all; otherwise needed for these goods. */
  goodsClass: GoodsClass | null
  blocking: boolean
  graceDays: number
  /** Time (ms) since which it is required as it is now; the grace begins here. */
  sinceMs: number
}

/** The place whose calendar counts, and since when somebody works there. */
export interface Workplace {
  timeZone: string
  sinceMs: number
}

/** The first moment (ms) after a calendar day in a time zone; a day may begin after midnight. */
export const endOfDayMs = (day: string, timeZone: string): number =>
  Temporal.PlainDate.from(day).add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds

/** The calendar day of a moment (ms) in a time zone, YYYY-MM-DD. */
export const dayOf = (atMs: number, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate().toString()

const daysAfter = (day: string, days: number): string =>
  Temporal.PlainDate.from(day).add({ days }).toString()

/** Calendar days from today until the day of the expiry; negative when it is over. */
export const daysLeft = (expiresOn: string, nowMs: number, timeZone: string): number =>
  Temporal.PlainDate.from(dayOf(nowMs, timeZone)).until(expiresOn).days

/** The state of a paper by itself, whatever papers came after it. */
export function stateOfPaper(paper: PaperFacts, nowMs: number, timeZone: string): PaperState {
  if (paper.revoked) return 'revoked'
  if (paper.decision === 'rejected') return 'rejected'
  if (paper.decision === null) {
    if (paper.replaced) return 'superseded'
    return paper.reviewUntilMs !== null && nowMs < paper.reviewUntilMs ? 'in_review' : 'pending'
  }
  if (paper.expiresOn === null) return 'approved'
  if (nowMs >= endOfDayMs(paper.expiresOn, timeZone)) return 'expired'
  return daysLeft(paper.expiresOn, nowMs, timeZone) <= warningDays[0] ? 'expiring' : 'approved'
}

const isGood = (state: PaperState): boolean => state === 'approved' || state === 'expiring'

/**
 * The paper of its kind that counts, the last one that was approved, if it is good at this moment.
 * `papers` are oldest first.
 */
export function goodPaper(
  papers: readonly PaperFacts[],
  kind: PaperKind,
  nowMs: number,
  timeZone: string,
): PaperFacts | undefined {
  const last = papers.findLast(paper => paper.kind === kind && paper.decision === 'approved')
  return last !== undefined && isGood(stateOfPaper(last, nowMs, timeZone)) ? last : undefined
}

const isKind = (name: string): name is PaperKind => Object.hasOwn(paperKinds, name)

/**
 * Are all papers there that a service requires? A name that is no kind of paper is for the pharmacy
 * to see to, and so is a list that was emptied. `papers` are those about the appointment and its
 * customer, oldest first; `atMs` is the moment at which they must be good.
 */
export const havePapers = (
  required: readonly string[],
  papers: readonly PaperFacts[],
  atMs: number,
  timeZone: string,
): boolean =>
  required.length > 0 &&
  required.every(name => isKind(name) && goodPaper(papers, name, atMs, timeZone) !== undefined)

/** The required kinds whose paper is good at `fromMs` and not at `toMs`. The rest as in `havePapers`. */
export const papersOver = (
  required: readonly string[],
  papers: readonly PaperFacts[],
  fromMs: number,
  toMs: number,
  timeZone: string,
): PaperKind[] =>
  required
    .filter(isKind)
    .filter(
      kind =>
        goodPaper(papers, kind, fromMs, timeZone) !== undefined &&
        goodPaper(papers, kind, toMs, timeZone) === undefined,
    )

export interface RequirementStanding {
  requirement: RequirementFacts
  state: PaperState
  paperId: string | null
  /** State of a newer paper that is not decided upon; null without one. */
  renewal: 'pending' | 'in_review' | null
  satisfied: boolean
  /** Until this moment (ms) nothing is blocked; null without a grace. */
  graceUntilMs: number | null
  blocks: boolean
}

function standingOf(
  requirement: RequirementFacts,
  papers: readonly PaperFacts[],
  place: Workplace,
  nowMs: number,
): RequirementStanding {
  const own = papers.filter(paper => paper.kind === requirement.kind)
  const stateIn = (paper: PaperFacts): PaperState => stateOfPaper(paper, nowMs, place.timeZone)
  const good = goodPaper(own, requirement.kind, nowMs, place.timeZone)
  const open = own.findLast(paper => paper.decision === null && !paper.replaced)
  // Without a good paper the newest one tells what happens next.
  const shown = good ?? own.at(-1)
  const satisfied = good !== undefined
  const graced = requirement.graceDays > 0 && place.sinceMs < requirement.sinceMs
  const graceUntilMs = graced
    ? endOfDayMs(
        daysAfter(dayOf(requirement.sinceMs, place.timeZone), requirement.graceDays),
        place.timeZone,
      )
    : null
  return {
    requirement,
    state: shown === undefined ? 'required' : stateIn(shown),
    paperId: shown?.id ?? null,
    renewal: satisfied && open !== undefined ? (stateIn(open) as 'pending' | 'in_review') : null,
    satisfied,
    graceUntilMs,
    blocks: requirement.blocking && !satisfied && !(graceUntilMs !== null && nowMs < graceUntilMs),
  }
}

export interface PaperStanding {
  requirements: RequirementStanding[]
  /** Nothing that is needed to work at all blocks. */
  mayWork: boolean
  /** Every blocking requirement has a good paper; grace does not count. */
  complete: boolean
  /** Goods whose papers are missing. */
  barredGoods: GoodsClass[]
}

/** Whether somebody may work. `papers` are those of all records of the role, oldest first. */
export function standingOfPapers(
  requirements: readonly RequirementFacts[],
  papers: readonly PaperFacts[],
  place: Workplace,
  nowMs: number,
): PaperStanding {
  const all = requirements.map(one => standingOf(one, papers, place, nowMs))
  const blocking = all.filter(one => one.blocks)
  const general = all.filter(one => one.requirement.goodsClass === null)
  return {
    requirements: all,
    mayWork: blocking.every(one => one.requirement.goodsClass !== null),
    complete: general.every(one => one.satisfied || !one.requirement.blocking),
    barredGoods: [
      ...new Set(
        blocking.flatMap(({ requirement: { goodsClass } }) =>
          goodsClass === null ? [] : [goodsClass],
        ),
      ),
    ],
  }
}
