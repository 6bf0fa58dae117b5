/**
 * Deadlines of actors: a calendar of 50 ms pages. Why not one timer each: a timer object is some
 * 216 bytes and a heap operation, and most deadlines (an offer, a claim) are met and dropped.
 * One deadline per key; setting again moves it. Fires at or up to one page after its time, never before.
 */
import type { Env } from '../../protocol/kernel/env.ts'

const pageMs = 50
/** At least this often it looks, for a clock that jumps moves the deadlines and not the sleep. */
const sleepMsMax = 1_000
/** With more pages than this the next one is near, and not worth a search. */
const pagesSearchedMax = 64

export class Timers {
  readonly #env: Env
  readonly #fire: (key: string) => void
  readonly #pages = new Map<number, Set<string>>()
  readonly #pageOf = new Map<string, number>()
  #nextPage: number
  #cancel: (() => void) | null = null
  /** The page it sleeps until. */
  #armedPage = 0
  #stopped = false

  /** `fire` must not throw. */
  constructor(env: Env, fire: (key: string) => void) {
    this.#env = env
    this.#fire = fire
    this.#nextPage = Math.floor(env.nowMs() / pageMs)
  }

  get size(): number {
    return this.#pageOf.size
  }

  set(key: string, atMs: number): void {
    // A deadline already past goes on the next page to be turned, so that firing is never re-entrant.
    const page = Math.max(Math.ceil(atMs / pageMs), this.#openPage())
    const before = this.#pageOf.get(key)
    if (before === page) return
    if (before !== undefined) this.#remove(key, before)
    let keys = this.#pages.get(page)
    if (keys === undefined) this.#pages.set(page, (keys = new Set()))
    keys.add(key)
    this.#pageOf.set(key, page)
    if (this.#stopped) return
    if (this.#cancel !== null && page < this.#armedPage) {
      this.#cancel()
      this.#cancel = null
    }
    if (this.#cancel === null) this.#arm()
  }

  clear(key: string): void {
    const page = this.#pageOf.get(key)
    if (page !== undefined) this.#remove(key, page)
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#pages.clear()
    this.#pageOf.clear()
  }

  #remove(key: string, page: number): void {
    this.#pageOf.delete(key)
    const keys = this.#pages.get(page)
    keys?.delete(key)
    if (keys?.size === 0) this.#pages.delete(page)
  }

  /** The first page that is still to be turned. A clock that was put back takes the calendar with it, or deadlines would wait for the old time. */
  #openPage(): number {
    this.#nextPage = Math.min(this.#nextPage, Math.floor(this.#env.nowMs() / pageMs) + 1)
    return this.#nextPage
  }

  /** Until the next page with something on it begins, or the end of the current one if that is later, so that no deadline waits for two. */
  #arm(): void {
    const nowMs = this.#env.nowMs()
    const next = Math.floor(nowMs / pageMs) + 1
    this.#armedPage = next
    if (this.#pages.size <= pagesSearchedMax) {
      this.#armedPage = Infinity
      for (const page of this.#pages.keys()) if (page < this.#armedPage) this.#armedPage = page
      this.#armedPage = Math.max(next, this.#armedPage)
    }
    this.#cancel = this.#env.after(Math.min(this.#armedPage * pageMs - nowMs, sleepMsMax), () =>
      this.#turn(),
    )
  }

  #turn(): void {
    this.#cancel = null
    const now = Math.floor(this.#env.nowMs() / pageMs)
    // After a jump of the clock the pages in between may be more than the deadlines: then look at those that exist.
    const due =
      now - this.#nextPage > this.#pages.size
        ? [...this.#pages.keys()].filter(page => page <= now).sort((a, b) => a - b)
        : Array.from(
            { length: Math.max(0, now - this.#nextPage + 1) },
            (_, i) => this.#nextPage + i,
          )
    this.#nextPage = now + 1
    for (const page of due) {
      const keys = this.#pages.get(page)
      if (keys === undefined) continue
      this.#pages.delete(page)
      for (const key of keys) {
        // Cleared or moved by one that fired before it.
        if (this.#pageOf.get(key) !== page) continue
        this.#pageOf.delete(key)
        this.#fire(key)
      }
    }
    // What fired may have set a deadline, and armed: a second chain of timers would never end.
    if (this.#cancel === null && this.#pageOf.size > 0 && !this.#stopped) this.#arm()
  }
}
