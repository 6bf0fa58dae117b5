/**
 * Calls a pharmacist who looks elsewhere: a sound that repeats while a request is open, a
 * notification of the browser, the number on the icon, and a screen that stays on. A press of a
 * button allows them, because browsers ask for one; it is asked for again after each load.
 */
import { Alarm } from '../shared/alarm.ts'
import { byId, setText } from '../shared/elements.ts'

type WithBadge = Navigator & { setAppBadge?(count: number): Promise<void> }

export class Attention {
  readonly #alarm = new Alarm()
  readonly #button = byId('sound', HTMLButtonElement)
  #isOn = false
  #count = 0

  constructor() {
    this.#button.addEventListener('click', () => this.#turn(!this.#isOn))
    document.addEventListener('visibilitychange', () => this.#keepScreenOn())
  }

  /** The number of open requests. A growing number calls, zero is quiet. */
  show(count: number): void {
    const isMore = count > this.#count
    this.#count = count
    ;(navigator as WithBadge).setAppBadge?.(count).catch(() => undefined)
    if (count === 0) this.#alarm.stop()
    else if (isMore && this.#isOn) this.#call(count)
  }

  #call(count: number): void {
    this.#alarm.ring()
    if (document.visibilityState === 'visible' || globalThis.Notification?.permission !== 'granted')
      return
    // It names nobody and no medicine, because it is shown on locked screens too.
    const words = count === 1 ? 'A request is open' : `${count} requests are open`
    const shown = new Notification(words, { tag: 'requests' })
    shown.addEventListener('click', () => window.focus())
  }

  #turn(isOn: boolean): void {
    this.#isOn = isOn
    this.#button.setAttribute('aria-pressed', String(isOn))
    setText(this.#button, isOn ? 'Sound is on' : 'Turn the sound on')
    if (!isOn) {
      this.#alarm.stop()
      return
    }
    this.#alarm.allow()
    if (this.#count > 0) this.#alarm.ring()
    if (globalThis.Notification?.permission === 'default') void Notification.requestPermission()
    this.#keepScreenOn()
  }

  #keepScreenOn(): void {
    if (!this.#isOn || document.visibilityState !== 'visible') return
    ;(navigator as Partial<Navigator>).wakeLock?.request('screen').catch(() => undefined)
  }
}
