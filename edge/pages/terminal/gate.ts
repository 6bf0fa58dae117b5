/** Signing in at the terminal, and registering a pharmacy at a place that is chosen on a map. */
import type { RegisterVendor } from '../../../protocol/client/rest-shapes.ts'
import { drawPharmacy } from '../map/marks.ts'
import type { Place } from '../map/projection.ts'
import { MapView } from '../map/view.ts'
import { byId } from '../shared/elements.ts'
import {
  fieldOf,
  fillPractice,
  onSubmit,
  practiceEmail,
  randomName,
  textsOf,
} from '../shared/forms.ts'
import type { Session } from '../shared/session.ts'

const roles = ['vendor'] as const
const refusal = "This account is not a pharmacy's"
const decimals = 5

export class Gate {
  readonly #form = byId('register', HTMLFormElement)
  #map: MapView | null = null

  /** `onEntered` is called when a pharmacy has signed in. */
  constructor(session: Session, onEntered: () => void) {
    onSubmit(byId('login', HTMLFormElement), async data => {
      const { email = '', password = '' } = textsOf(data)
      await session.enter(api => api.login(email, password), roles, refusal)
      onEntered()
    })
    onSubmit(this.#form, async data => {
      const { address, ...values } = textsOf(data)
      const pharmacy = {
        ...values,
        ...(address !== '' && { address }),
        latitude: Number(values['latitude']),
        longitude: Number(values['longitude']),
      } as RegisterVendor
      await session.enter(api => api.registerVendor(pharmacy), roles, refusal)
      onEntered()
    })
    byId('practice').addEventListener('click', () => this.#fillPractice())
  }

  show(): void {
    byId('gate').hidden = false
    this.#map ??= this.#placeMap()
  }

  hide(): void {
    byId('gate').hidden = true
  }

  #placeMap(): MapView {
    const map = new MapView(byId('place'), { label: 'Where the pharmacy is', picks: true })
    map.draw = context => {
      const place = this.#chosen()
      if (place !== null) drawPharmacy(context, map, place)
      return false
    }
    map.onPick = ({ latitude, longitude }) => {
      fieldOf(this.#form, 'latitude').value = latitude.toFixed(decimals)
      fieldOf(this.#form, 'longitude').value = longitude.toFixed(decimals)
      map.redraw()
    }
    this.#form.addEventListener('input', () => {
      const place = this.#chosen()
      if (place !== null && !map.isTouched) map.center = place
      map.redraw()
    })
    return map
  }

  #chosen(): Place | null {
    const latitude = fieldOf(this.#form, 'latitude').value
    const longitude = fieldOf(this.#form, 'longitude').value
    return latitude === '' || longitude === ''
      ? null
      : { latitude: Number(latitude), longitude: Number(longitude) }
  }

  #fillPractice(): void {
    const map = (this.#map ??= this.#placeMap())
    fillPractice(this.#form, {
      business_name: 'Corner Pharmacy',
      email: practiceEmail('pharmacy'),
      phone: '+977-1-5550100',
      password: randomName(12),
      latitude: map.center.latitude.toFixed(decimals),
      longitude: map.center.longitude.toFixed(decimals),
    })
    map.redraw()
  }
}
