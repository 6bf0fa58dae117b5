/** Where the streets of the maps come from, as the server says. */

/** The words that the owners of the data want beside the map. */
export interface Credit {
  attribution: string
  attribution_url: string | null
}
export interface Tiles extends Credit {
  /** With `{z}`, `{x}` and `{y}`. */
  url: string
  max_zoom: number
}
export interface Style extends Credit {
  url: string
}
export interface Archive extends Credit {
  url: string
  kind: 'raster' | 'vector'
  min_zoom: number
  max_zoom: number
}
/** At most one is set; an older server knows tiles alone. */
export interface MapSource {
  tiles: Tiles | null
  style?: Style | null
  archive?: Archive | null
}

const none: MapSource = { tiles: null }
let known: Promise<MapSource> | undefined

/** Asked once for all maps of the page; without an answer there are no streets. */
export const sourceOfServer = (): Promise<MapSource> =>
  (known ??= fetch('/api/map')
    .then(async answer => (answer.ok ? ((await answer.json()) as MapSource) : none))
    .catch(() => none))
