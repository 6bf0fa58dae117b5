/**
 * The deadlines of actors, in a calendar of pages of 50 ms. Rejected: one timer for each deadline.
 * A timer object is about 216 bytes and a heap operation, and most deadlines (of an offer, of a
 * request) are cleared before they come. A key has one deadline; setting it again moves it. It
 * fires at its time or up to one page later, never earlier.
 */
import type { Env } from '../../protocol/kernel/env.ts'

const pageMs = 50
/** Longest sleep, ms. A clock that jumps moves the deadlines but not a running sleep. */
const sleepMsMax = 1_000
/** With more pages than this the next page is near, so a search is not worth it. */
const pagesSearchedMax = 64

export class Timers {
  readonly #env: Env
  readonly #fire: (key: string) => void
  readonly #pages = new Map<number, Set<string>>()
  readonly #pageOf = new Map<string, number>()
  #nextPage: number
  #cancel: (() => void) | null = null
  /** The page at which the sleep ends. */
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
    // A deadline that is already past goes on the next page, so that firing is never re-entrant.
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

  /**
   * The first page that is still to be turned. When the clock is put back, the calendar goes back
   * too; otherwise deadlines would wait for the old time.
   */
  #openPage(): number {
    this.#nextPage = Math.min(this.#nextPage, Math.floor(this.#env.nowMs() / pageMs) + 1)
    return this.#nextPage
  }

  /**
   * Sleeps until the next page with a deadline begins, or until the current page ends if that is
   * later, so that no deadline waits for two pages.
   */
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
    // After a jump of the clock there may be more pages in between than deadlines. Then look only
    // at the pages that exist.
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
        // An earlier callback cleared or moved this deadline.
        if (this.#pageOf.get(key) !== page) continue
        this.#pageOf.delete(key)
        this.#fire(key)
      }
    }
    // A callback may have set a deadline and armed the timer. A second chain of timers would never
    // end.
    if (this.#cancel === null && this.#pageOf.size > 0 && !this.#stopped) this.#arm()
  }
}
