/** The outline of the world below a map that has no streets, so that one sees where one is. */
import type { Ground } from './grid.ts'

/** Scale up to which borders are drawn, pixels in a km; nearer they are too coarse to be true. */
const pixelsPerKmMax = 3

let known: Promise<number[][]> | undefined

/** Asked once for all maps of the page, and only when one shows a country. */
const outlineOfServer = (): Promise<number[][]> =>
  (known ??= fetch('/api/map/outline')
    .then(async answer => ((await answer.json()) as { lines: number[][] }).lines)
    .catch(() => []))

/** The outline on one map. `redraw` is called when it has come. */
export class Outline {
  readonly #redraw: () => void
  #lines: readonly number[][] | null = null
  #isAsked = false

  constructor(redraw: () => void) {
    this.#redraw = redraw
  }

  draw(context: CanvasRenderingContext2D, map: Ground): void {
    if (map.pixelsPerKm > pixelsPerKmMax) return
    if (!this.#isAsked) {
      this.#isAsked = true
      void outlineOfServer().then(lines => {
        this.#lines = lines
        this.#redraw()
      })
    }
    context.strokeStyle = map.color('--map-text')
    context.lineWidth = 1
    context.beginPath()
    for (const line of this.#lines ?? []) {
      let before = Infinity
      for (let at = 0; at < line.length; at += 2) {
        const [x, y] = map.place({ longitude: line[at]!, latitude: line[at + 1]! })
        // A line that leaves the map at one side comes in at the other.
        if (Math.abs(x - before) > map.width) context.moveTo(x, y)
        else context.lineTo(x, y)
        before = x
      }
    }
    context.stroke()
  }
}
