/**
 * A pharmacy that may not work is told why in words, and what happens next: a lost connection alone would look like a
 * fault of the network. The decision is asked for again and again, because no socket stays open to tell it.
 */
import { $, setText } from './app.js'

const lookMs = 10_000

const because = reason => (reason ? ` The reason that was given: ${reason}` : '')
const words = {
  pending: () => ({
    title: 'Your pharmacy waits for a decision',
    text: 'An administrator decides whether it may work here. Nothing is to be done: this page opens by itself when it was approved, and you get an e-mail.',
  }),
  rejected: reason => ({
    title: 'Your pharmacy was not approved',
    text: `An administrator decided that it does not work here.${because(reason)} If that is put right, ask the administrator to decide again; a new registration is not needed.`,
  }),
  suspended: reason => ({
    title: 'Your pharmacy is suspended',
    text:
      `It hears of no requests. Orders that were not picked up were cancelled and their customers told; what is on its way is brought to its end.${because(reason)} ` +
      'Ask the administrator; this page opens by itself when the suspension ends.',
  }),
}

/** Shows in `#standing` why the pharmacy of `account` may not work; `onActive` is called when it may. */
export class Standing {
  #account
  #onActive
  #timer = 0

  constructor(account, onActive) {
    this.#account = account
    this.#onActive = onActive
  }

  /** True when there is a reason, which is shown from now on. */
  async show() {
    this.hide()
    const { status, status_reason } = await this.#account.call(
      'GET',
      `/api/vendors/${this.#account.user.vendor_id}`,
    )
    if (words[status] === undefined) return false
    const { title, text } = words[status](status_reason)
    setText($('standing-title'), title)
    setText($('standing-text'), text)
    $('standing').hidden = false
    this.#timer = setTimeout(() => this.#again(), lookMs)
    return true
  }

  hide() {
    clearTimeout(this.#timer)
    $('standing').hidden = true
  }

  async #again() {
    try {
      if (!(await this.show())) this.#onActive()
    } catch {
      // Signed out, there is nothing to wait for; else the server is away for the moment, and what was said stays.
      if (!this.#account.signedIn) return
      $('standing').hidden = false
      this.#timer = setTimeout(() => this.#again(), lookMs)
    }
  }
}

/** What is said of a decision while the terminal is open. Empty for one that changes nothing here. */
export function moveNews({ status, reason, moving_to }) {
  if (status !== 'active') return ''
  if (moving_to !== null)
    return 'Your move waits for an administrator; until then the pharmacy stays at its old place.'
  return reason
    ? `An administrator decided upon your pharmacy or its move. ${because(reason).trim()}`
    : ''
}
