/**
 * Calls a pharmacist who looks elsewhere: a sound that repeats while a request is open, a
 * notification of the browser, the number on the icon, and a screen that stays on. A press of a
 * button allows them, because browsers ask for one; it is asked for again after each load.
 */
import { signal } from '@preact/signals'
import { Alarm } from '../shared/alarm.ts'
import { say } from '../texts/index.ts'

type WithBadge = Navigator & { setAppBadge?(count: number): Promise<void> }

export class Attention {
  readonly isOn = signal(false)
  readonly #alarm = new Alarm()
  #count = 0

  constructor() {
    document.addEventListener('visibilitychange', () => this.#keepScreenOn())
  }

  /** The number of open requests. A growing number calls, zero is quiet. */
  show(count: number): void {
    const isMore = count > this.#count
    this.#count = count
    ;(navigator as WithBadge).setAppBadge?.(count).catch(() => undefined)
    if (count === 0) this.#alarm.stop()
    else if (isMore && this.isOn.value) this.#call(count)
  }

  /** Call it while a button is being pressed. */
  turn(isOn: boolean): void {
    this.isOn.value = isOn
    if (!isOn) {
      this.#alarm.stop()
      return
    }
    this.#alarm.allow()
    if (this.#count > 0) this.#alarm.ring()
    if (globalThis.Notification?.permission === 'default') void Notification.requestPermission()
    this.#keepScreenOn()
  }

  #call(count: number): void {
    this.#alarm.ring()
    if (document.visibilityState === 'visible' || globalThis.Notification?.permission !== 'granted')
      return
    // It names nobody and no medicine, because it is shown on locked screens too.
    const shown = new Notification(say('terminal.are_open', { count }), { tag: 'requests' })
    shown.addEventListener('click', () => window.focus())
  }

  #keepScreenOn(): void {
    if (!this.isOn.value || document.visibilityState !== 'visible') return
    ;(navigator as Partial<Navigator>).wakeLock?.request('screen').catch(() => undefined)
  }
}
