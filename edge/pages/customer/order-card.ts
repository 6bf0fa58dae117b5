/**
 * The card of one order of the customer: its status, the answers of pharmacies, and the driver's
 * distance.
 */
import type {
  LocationMessage,
  PharmacyResponse,
  RestClient,
} from '../../../protocol/client/index.ts'
import { hasEnded, statusTable, type OrderStatus } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { Glide } from '../map/glide.ts'
import type { Place } from '../map/projection.ts'
import { el, messageOf, setText } from '../shared/elements.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'
import { clock, itemTexts, kilometres, minutes, remaining } from '../shared/quantities.ts'
import { Answers } from './answers.ts'

interface Actions {
  onShow(): void
  onCancel(): Promise<void>
}

export class OrderCard {
  readonly element: HTMLElement
  view: OrderView
  /** Position of the driver; null while no driver is on the way. */
  driver: Glide | null = null
  readonly answers: Answers
  #isShown = false
  readonly #pill = el('span', { class: 'pill' })
  readonly #time = el('span', { class: 'small soft number' })
  readonly #eta = el('p', { class: 'big', hidden: true })
  readonly #people = el('p', { class: 'small' })
  readonly #error = el('p', { class: 'error', role: 'alert' })
  readonly #cancel = el('button', { type: 'button', class: 'plain' }, 'Cancel')
  readonly #track: HTMLAnchorElement

  constructor(view: OrderView, api: RestClient, actions: Actions) {
    this.view = view
    this.answers = new Answers(api)
    this.#track = el(
      'a',
      {
        class: 'button quiet',
        target: '_blank',
        rel: 'noopener',
        href: `/track/${encodeURIComponent(view.tracking_token)}`,
      },
      'Tracking link',
    )
    this.#cancel.addEventListener('click', () => void this.#cancelOrder(actions))
    const show = { type: 'button', class: 'quiet', onclick: () => actions.onShow() }
    const wanted = itemTexts(view.items).join(', ') || `Quantity ${view.quantity ?? 1}`
    this.element = el(
      'li',
      { class: 'card', 'data-order': view.id },
      el('div', { class: 'row spread' }, this.#pill, this.#time),
      el('p', {}, wanted),
      this.#eta,
      this.#people,
      this.answers.element,
      this.#error,
      el('div', { class: 'row' }, el('button', show, 'Show on the map'), this.#track, this.#cancel),
    )
  }

  get home(): Place {
    return { latitude: this.view.delivery_latitude, longitude: this.view.delivery_longitude }
  }
  /** Place of the winning pharmacy; null before. */
  get pickup(): Place | null {
    const { pickup_latitude: latitude, pickup_longitude: longitude } = this.view
    return latitude === null || longitude === null ? null : { latitude, longitude }
  }

  /** False when the card shows a newer state already. */
  show(view: OrderView, pharmacyOf: (id: string) => Pharmacy | null): boolean {
    if (this.#isShown && this.view.version > view.version) return false
    this.#isShown = true
    this.view = view
    const { label, tone, cancellable, heading } = statusTable[view.status]
    this.element.dataset['status'] = view.status
    this.element.dataset['state'] = lookOf(view.status)
    setText(this.#pill, label)
    this.#pill.dataset['tone'] = tone
    setText(this.#people, peopleText(view))
    this.#cancel.hidden = !cancellable
    this.#track.hidden = view.vendor_id === null
    if (heading === null) {
      this.driver = null
      this.#eta.hidden = true
    }
    this.answers.addFrom(view, this.pickup, pharmacyOf)
    this.tick()
    return true
  }

  addResponse(message: PharmacyResponse): void {
    this.answers.add(message)
  }

  moveDriver(message: LocationMessage): void {
    if (this.driver === null) this.driver = new Glide(message)
    else this.driver.report(message)
    setText(this.#eta, `${minutes(message.eta_minutes)}, ${kilometres(message.distance_km)} to go`)
    this.#eta.hidden = false
  }

  /** Shows the time left for answers, and later the time of the request. */
  tick(): void {
    const { expires_at, created_at, status } = this.view
    const leftMs = expires_at === null ? 0 : Date.parse(expires_at) - Date.now()
    const isOpen = status === 'pending' && leftMs > 0
    setText(this.#time, isOpen ? `${remaining(leftMs)} left` : clock(created_at))
  }

  async #cancelOrder({ onCancel }: Actions): Promise<void> {
    this.#cancel.disabled = true
    setText(this.#error, '')
    try {
      await onCancel()
    } catch (error) {
      setText(this.#error, messageOf(error))
    } finally {
      this.#cancel.disabled = false
    }
  }
}

function lookOf(status: OrderStatus): string {
  if (status === 'delivered') return 'won'
  return hasEnded(status) ? 'closed' : 'open'
}

function peopleText({ vendor_name, driver_name, pharmacies_notified }: OrderView): string {
  if (driver_name !== null) return `${vendor_name}, brought by ${driver_name}`
  return vendor_name ?? `${pharmacies_notified ?? 0} asked`
}
