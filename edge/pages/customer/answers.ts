/** The answers of pharmacies to one request, each once. */
import type { PharmacyResponse, RestClient } from '../../../protocol/client/index.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import type { Place } from '../map/projection.ts'
import { el } from '../shared/elements.ts'
import { player } from '../shared/files.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'
import { kilometres } from '../shared/quantities.ts'

export interface Answer {
  name: string
  isAccepted: boolean
  text: string | null
  audioUrl: string | null
  /** Distance in km; null when only the order's view contains the answer. */
  distanceKm: number | null
  place: Place | null
}

export class Answers {
  readonly element = el('ul', { class: 'small' })
  readonly #api: RestClient
  readonly #byPharmacy = new Map<string, Answer>()

  constructor(api: RestClient) {
    this.#api = api
  }

  get all(): readonly Answer[] {
    return [...this.#byPharmacy.values()]
  }

  add(message: PharmacyResponse): void {
    const { lat, lng } = message.pharmacy_location
    this.#byPharmacy.set(message.pharmacy_id, {
      name: message.pharmacy_name,
      isAccepted: message.response_type === 'ACCEPTED',
      text: message.text_message,
      audioUrl: message.audio_url,
      distanceKm: message.distance_km,
      place: { latitude: lat, longitude: lng },
    })
    this.#draw()
  }

  /** Adds the answers of the order's view that no message has told. */
  addFrom(
    view: OrderView,
    pickup: Place | null,
    pharmacyOf: (id: string) => Pharmacy | null,
  ): void {
    for (const response of view.responses) {
      if (this.#byPharmacy.has(response.vendor_id)) continue
      const known = pharmacyOf(response.vendor_id)
      const isWinner = response.vendor_id === view.vendor_id
      this.#byPharmacy.set(response.vendor_id, {
        name: (isWinner ? view.vendor_name : known?.business_name) ?? 'A pharmacy',
        isAccepted: response.response_type === 'ACCEPTED',
        text: response.text_message,
        audioUrl: response.audio_url,
        distanceKm: null,
        place: (isWinner ? pickup : null) ?? known,
      })
    }
    this.#draw()
  }

  #draw(): void {
    this.element.replaceChildren(...this.all.map(answer => this.#item(answer)))
  }

  #item({ name, isAccepted, text, audioUrl, distanceKm }: Answer): HTMLElement {
    return el(
      'li',
      {},
      el('strong', {}, name),
      ` ${isAccepted ? 'accepted' : 'declined'}`,
      distanceKm !== null && `, ${kilometres(distanceKm)} away`,
      text !== null && text !== '' && `: “${text}”`,
      audioUrl !== null && ' ',
      audioUrl !== null && player(this.#api, 'Play the answer', audioUrl),
    )
  }
}
