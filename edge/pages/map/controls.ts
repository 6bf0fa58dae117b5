/** Fingers, wheel and keys on a map. */
import type { Place } from './projection.ts'

interface Controlled {
  readonly center: Place
  readonly onPick: (place: Place) => void
  point(x: number, y: number): Place
  userZoom(factor: number, x?: number, y?: number): void
  userPan(dx: number, dy: number): void
}
interface Finger {
  x: number
  y: number
}

/** Distance up to which a touch counts as choosing a place. */
const tapPx = 4
const keyPanPx = 60
const keyZoom = 1.4
const wheelZoomPerPx = 0.002

/** Makes the canvas move the map by fingers, wheel and keys. */
export function listen(canvas: HTMLCanvasElement, map: Controlled): void {
  listenToFingers(canvas, map)
  canvas.addEventListener(
    'wheel',
    event => {
      event.preventDefault()
      map.userZoom(Math.exp(-event.deltaY * wheelZoomPerPx), event.offsetX, event.offsetY)
    },
    { passive: false },
  )
  const keys: Record<string, () => void> = {
    ArrowLeft: () => map.userPan(keyPanPx, 0),
    ArrowRight: () => map.userPan(-keyPanPx, 0),
    ArrowUp: () => map.userPan(0, keyPanPx),
    ArrowDown: () => map.userPan(0, -keyPanPx),
    '+': () => map.userZoom(keyZoom),
    '=': () => map.userZoom(keyZoom),
    '-': () => map.userZoom(1 / keyZoom),
    Enter: () => map.onPick(map.center),
  }
  canvas.addEventListener('keydown', event => {
    const act = keys[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  })
}

/** One finger or a mouse moves the map or chooses a place; two fingers zoom. */
function listenToFingers(canvas: HTMLCanvasElement, map: Controlled): void {
  const fingers = new Map<number, Finger>()
  let travelledPx = 0
  const at = (event: PointerEvent): Finger => ({ x: event.offsetX, y: event.offsetY })
  const apart = (a: Finger, b: Finger): number => Math.hypot(a.x - b.x, a.y - b.y)
  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId)
    fingers.set(event.pointerId, at(event))
    if (fingers.size === 1) travelledPx = 0
  })
  canvas.addEventListener('pointermove', event => {
    const before = fingers.get(event.pointerId)
    if (before === undefined) return
    const now = at(event)
    travelledPx += apart(now, before)
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1]
    fingers.set(event.pointerId, now)
    if (other !== undefined)
      map.userZoom(apart(now, other) / Math.max(1, apart(before, other)), other.x, other.y)
    else if (travelledPx > tapPx) map.userPan(now.x - before.x, now.y - before.y)
  })
  canvas.addEventListener('pointerup', event => {
    const { x, y } = at(event)
    if (fingers.size === 1 && travelledPx <= tapPx) map.onPick(map.point(x, y))
    fingers.delete(event.pointerId)
  })
  canvas.addEventListener('pointercancel', event => fingers.delete(event.pointerId))
}
