/** The card of one open request: its items, its remaining time, and the two buttons. */
import type { NewRequest } from '../../../protocol/client/index.ts'
import { el, setText } from '../shared/elements.ts'
import { fileLink } from '../shared/files.ts'
import { itemTexts, remaining } from '../shared/quantities.ts'

export type Answer = 'ACCEPTED' | 'REJECTED'

interface Actions {
  onAnswer(answer: Answer, text: string): void
  /** A URL that opens the prescription now. */
  prescription(): Promise<string | null>
}

const hurryMs = 30_000

/** The distance of an open request is known to 100 m. */
export const roughly = (km: number): string => `${km.toFixed(1)} km`

export class RequestCard {
  readonly id: string
  readonly element: HTMLElement
  /** The answer that was sent and has no result yet. */
  answering: Answer | null = null
  #isWaiting = false
  readonly #expiresAtMs: number
  readonly #totalMs: number
  readonly #time = el('span', { class: 'number' })
  readonly #bar = el('progress', { max: '1', 'aria-label': 'Time left' })
  readonly #note = el('p', { class: 'small soft', role: 'status' })
  readonly #text: HTMLInputElement
  readonly #accept: HTMLButtonElement
  readonly #reject: HTMLButtonElement
  readonly #form: HTMLElement

  constructor(message: NewRequest, { onAnswer, prescription }: Actions) {
    this.id = message.request_id
    this.#expiresAtMs = Date.parse(message.expires_at)
    this.#totalMs = Math.max(1, this.#expiresAtMs - Date.parse(message.timestamp))
    const answer = (given: Answer) => () => onAnswer(given, this.#text.value.trim())
    this.#text = el('input', {
      id: `text-${this.id}`,
      maxlength: '1000',
      autocomplete: 'off',
      placeholder: 'In stock, ready in 10 minutes',
    })
    this.#accept = el('button', { type: 'button', onclick: answer('ACCEPTED') }, 'Accept')
    this.#reject = el(
      'button',
      { type: 'button', class: 'quiet', onclick: answer('REJECTED') },
      'Reject',
    )
    const label = el(
      'label',
      { for: this.#text.id },
      'Message ',
      el('span', { class: 'soft' }, 'optional'),
    )
    this.#form = el(
      'div',
      {},
      el('div', { class: 'field' }, label, this.#text),
      el('div', { class: 'row' }, this.#accept, this.#reject),
    )
    this.element = el(
      'li',
      { class: 'card', 'data-request': this.id, 'data-state': 'open' },
      el(
        'div',
        { class: 'row spread' },
        el('span', { class: 'big' }, roughly(message.distance_km)),
        this.#time,
      ),
      this.#bar,
      el('h3', {}, message.patient_name),
      message.patient_phone !== '' && el('p', { class: 'small soft' }, message.patient_phone),
      wanted(message),
      message.notes !== null && el('p', {}, message.notes),
      message.prescription_url !== null &&
        el('p', {}, fileLink('Prescription', message.prescription_url, prescription)),
      this.#form,
      this.#note,
    )
  }

  get isWaiting(): boolean {
    return this.#isWaiting
  }

  wait(answer: Answer): void {
    this.#setWaiting(true)
    setText(this.#note, answer === 'ACCEPTED' ? 'Accepting…' : 'Rejecting…')
  }

  /** Makes the buttons work again, after any outcome. */
  settle(words: string): void {
    this.#setWaiting(false)
    setText(this.#note, words)
  }

  /** Closes the card for answers. */
  close(words: string, state: 'won' | 'closed'): void {
    this.settle(words)
    this.element.dataset['state'] = state
    const hadFocus = this.element.contains(document.activeElement)
    this.#form.remove()
    this.#bar.remove()
    setText(this.#time, '')
    if (!hadFocus) return
    this.element.tabIndex = -1
    this.element.focus()
  }

  /** Shows the time that is left. */
  tick(nowMs: number): void {
    const leftMs = this.#expiresAtMs - nowMs
    setText(this.#time, leftMs > 0 ? remaining(leftMs) : 'ending')
    this.#bar.value = Math.max(0, leftMs / this.#totalMs)
    this.#bar.dataset['tone'] = leftMs < hurryMs ? 'warn' : ''
  }

  #setWaiting(isWaiting: boolean): void {
    this.#isWaiting = isWaiting
    this.#accept.disabled = this.#reject.disabled = isWaiting
  }
}

function wanted({ items, quantity }: NewRequest): HTMLElement | null {
  const texts = itemTexts(items)
  if (texts.length === 0 && quantity !== null) texts.push(`Quantity ${quantity}`)
  return texts.length === 0 ? null : el('ul', {}, ...texts.map(text => el('li', {}, text)))
}
