/** The place to which medicine is brought, and how far around it pharmacies are asked. */
import { signal } from '@preact/signals'
import type { Place } from '../map/projection.ts'
import { say } from '../texts/index.ts'

const placeKey = 'caduceus.place'
const radiusKmDefault = 5

/** Null until the customer has chosen one: nothing is proposed, so no order goes astray. */
export const place = signal<Place | null>(keptPlace())
export const radiusKm = signal(radiusKmDefault)
/** The address of the place; empty when it was not chosen by its address. */
export const foundAddress = signal('')

/** Uses a place from now on in this tab. */
export function choosePlace(chosen: Place, address = ''): void {
  foundAddress.value = address
  place.value = { latitude: chosen.latitude, longitude: chosen.longitude }
  sessionStorage.setItem(placeKey, JSON.stringify(place.value))
}

/** Uses the position of the phone. Rejects with words when it is not told. */
export const usePosition = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const { geolocation } = navigator as Partial<Navigator>
    const refuse = (): void => reject(new Error(say('ask.no_position')))
    if (geolocation === undefined) refuse()
    else
      geolocation.getCurrentPosition(
        ({ coords }) => {
          choosePlace(coords)
          resolve()
        },
        refuse,
        { enableHighAccuracy: true, timeout: 20_000 },
      )
  })

function keptPlace(): Place | null {
  try {
    return JSON.parse(sessionStorage.getItem(placeKey) ?? 'null') as Place | null
  } catch {
    return null
  }
}
