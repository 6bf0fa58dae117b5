/** The pharmacy and its drivers on the map. The list beside it says the same in words. */
import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Office } from '../../pages/base/office.ts'
import { Glide } from '../../pages/map/glide.ts'
import { drawDriver, drawPharmacy } from '../../pages/map/marks.ts'
import { MapView } from '../../pages/map/view.ts'
import { say } from '../../pages/texts/index.ts'

/** The map. It follows until somebody moves it. */
export function FleetMap({ office }: { office: Office }) {
  const holder = useRef<HTMLDivElement>(null)
  const map = useRef<MapView | null>(null)
  const glides = useRef(new Map<string, Glide>())
  useEffect(() => {
    const view = new MapView(holder.current!, { label: say('drivers.map') })
    map.current = view
    view.draw = (context, nowMs) => {
      const pharmacy = office.pharmacy.value
      if (pharmacy !== null) drawPharmacy(context, view, pharmacy, { name: pharmacy.business_name })
      let isMoving = false
      for (const [id, glide] of glides.current) {
        if (glide.moveTo(nowMs)) isMoving = true
        const driver = office.drivers.value.find(one => one.id === id)
        // The mark pulses while somebody is on duty; a still time keeps the map from drawing always.
        drawDriver(context, view, glide, 0, driver?.full_name ?? '')
      }
      return isMoving
    }
    show()
    return () => {
      view.close()
      map.current = null
    }
  }, [])
  const show = (): void => {
    const view = map.current
    const pharmacy = office.pharmacy.value
    const active = new Set(
      office.drivers.value.filter(one => one.membership === 'active').map(one => one.id),
    )
    for (const [id, place] of office.places) {
      if (!active.has(id)) continue
      const known = glides.current.get(id)
      if (known === undefined) glides.current.set(id, new Glide(place))
      else known.report(place)
    }
    for (const id of glides.current.keys()) if (!active.has(id)) glides.current.delete(id)
    if (view === null) return
    const places = [...glides.current.values()].map(one => one.target)
    if (!view.isTouched) view.fit(pharmacy === null ? places : [...places, pharmacy])
    view.redraw()
  }
  useSignalEffect(() => {
    void office.moves.value
    void office.drivers.value
    void office.pharmacy.value
    show()
  })
  return <div id="map" class="map" ref={holder} />
}
