/**
 * The card of one order of this pharmacy: its customer, its status, and the next steps of the
 * pharmacy.
 */
import { statusTable } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { el, messageOf, setText } from '../shared/elements.ts'
import { fileLink } from '../shared/files.ts'
import { clock, itemTexts, kilometres } from '../shared/quantities.ts'

/** The steps of a pharmacy; each is the last part of the path of its route. */
export type Step = 'accept' | 'reject' | 'find-driver'

interface Actions {
  take(step: Step): Promise<OrderView>
  onTaken(view: OrderView): void
  /** A URL that opens the prescription now. */
  prescription(): Promise<string | null>
}

export class DeliveryCard {
  readonly element: HTMLElement
  readonly #actions: Actions
  #version = -1
  readonly #pill = el('span', { class: 'pill' })
  readonly #driver = el('p', { class: 'small' })
  readonly #note = el('p', { class: 'small soft', role: 'status' })
  readonly #buttons = el('div', { class: 'row' })

  constructor(view: OrderView, actions: Actions) {
    this.#actions = actions
    const facts = [
      view.order_number,
      kilometres(view.estimated_distance_km),
      `since ${clock(view.created_at)}`,
    ]
    this.element = el(
      'li',
      { class: 'card', 'data-order': view.id, 'data-state': 'won' },
      el('div', { class: 'row spread' }, el('h3', {}, view.customer_name), this.#pill),
      el('p', { class: 'small soft' }, facts.join(' · ')),
      wanted(view),
      view.customer_phone !== '' && phone(view.customer_phone),
      view.delivery_address !== null && el('p', { class: 'small' }, `To: ${view.delivery_address}`),
      view.notes !== null && el('p', {}, view.notes),
      view.prescription_url !== null &&
        el('p', {}, fileLink('Prescription', view.prescription_url, actions.prescription)),
      this.#driver,
      this.#buttons,
      this.#note,
    )
  }

  say(words: string): void {
    setText(this.#note, words)
  }

  /** False when the card shows a newer state already. */
  show(view: OrderView): boolean {
    if (this.#version > view.version) return false
    this.#version = view.version
    const { label, tone, ended, seeksDriver } = statusTable[view.status]
    setText(this.#pill, view.status === 'pending' ? 'New order' : label)
    this.#pill.dataset['tone'] = tone
    this.element.dataset['state'] = ended ? 'closed' : 'won'
    setText(this.#driver, driverText(view))
    const isSearching = ['searching', 'offering'].includes(view.driver_search.state)
    this.#buttons.replaceChildren(...this.#nextSteps(view, isSearching))
    if (!seeksDriver) this.say('')
    else if (isSearching) this.say('Looking for a driver…')
    return true
  }

  #nextSteps(view: OrderView, isSearching: boolean): HTMLElement[] {
    const steps: HTMLElement[] = []
    if (view.status === 'pending')
      steps.push(this.#button('Accept', 'accept'), this.#button('Reject', 'reject', 'quiet'))
    if (statusTable[view.status].seeksDriver && !isSearching)
      steps.push(this.#button('Find a driver', 'find-driver'))
    if (view.tracking_token !== '') {
      const href = `/track/${encodeURIComponent(view.tracking_token)}`
      const link = { class: 'small', href, target: '_blank', rel: 'noopener' }
      steps.push(el('a', link, 'Tracking page'))
    }
    return steps
  }

  #button(words: string, step: Step, look: string | null = null): HTMLButtonElement {
    const button = el('button', { type: 'button', class: look }, words)
    button.addEventListener('click', async () => {
      button.disabled = true
      this.say('')
      try {
        this.#actions.onTaken(await this.#actions.take(step))
      } catch (error) {
        this.say(messageOf(error))
      } finally {
        button.disabled = false
      }
    })
    return button
  }
}

function wanted({ items, quantity }: OrderView): HTMLElement | null {
  if (items.length > 0) return el('ul', {}, ...itemTexts(items).map(text => el('li', {}, text)))
  return quantity === null ? null : el('p', {}, `Quantity ${quantity}`)
}

function phone(number: string): HTMLElement {
  const href = `tel:${number.replace(/[^+\d]/g, '')}`
  return el('p', { class: 'small' }, 'Phone: ', el('a', { href }, number))
}

function driverText({ driver_name, driver_phone }: OrderView): string {
  if (driver_name === null) return ''
  return `Driver: ${driver_name}${driver_phone === null ? '' : `, ${driver_phone}`}`
}
