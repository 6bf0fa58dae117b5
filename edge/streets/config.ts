/** Configuration of the tiles with which the maps of the pages show streets. */
import {
  ConfigError,
  integerVariable,
  textVariable,
  type Environment,
} from '../../protocol/kernel/environment.ts'

/** Pictures of the map by zoom, column and row. */
export interface Tiles {
  /** With `{z}`, `{x}` and `{y}`. */
  url: string
  /** The owners of the data, in plain text. */
  attribution: string
  /** The address of their licence; null: none is named. */
  attribution_url: string | null
  max_zoom: number
}
export interface StreetsConfig {
  tiles: Tiles | null
  /** The origin from which pages may load pictures of the map; null: from none. */
  pictureOrigin: string | null
}

const zoomMax = 22
/** Most tiles are made from this data, whose licence asks for the words and the link. */
const openStreetMap = {
  attribution: '© OpenStreetMap contributors',
  attribution_url: 'https://www.openstreetmap.org/copyright',
}

/** Reads MAP_TILES_URL, MAP_ATTRIBUTION and MAP_TILES_MAX_ZOOM. Throws ConfigError. */
export function readStreetsConfig(environment: Environment): StreetsConfig {
  const url = textVariable(environment, 'MAP_TILES_URL')
  const own = textVariable(environment, 'MAP_ATTRIBUTION')
  if (url === null) {
    if (own !== null)
      throw new ConfigError(
        'MAP_ATTRIBUTION is set and MAP_TILES_URL is not; set that too, or unset it',
      )
    return { tiles: null, pictureOrigin: null }
  }
  // A browser reads the origin in a rule of its own; nothing in it may end the rule.
  const origin = URL.canParse(url.replace(/[{}]/g, ''))
    ? new URL(url.replace(/[{}]/g, '')).origin
    : ''
  const isWhole = ['{z}', '{x}', '{y}'].every(part => url.includes(part))
  if (
    !isWhole ||
    !/^https?:\/\/[^{}\s]+\//.test(url) ||
    !/^https?:\/\/[a-z0-9.:[\]-]+$/.test(origin)
  )
    throw new ConfigError(
      'MAP_TILES_URL is not a URL such as https://tiles.example.org/{z}/{x}/{y}.png',
    )
  return {
    pictureOrigin: origin,
    tiles: {
      url,
      ...(own === null ? openStreetMap : { attribution: own, attribution_url: null }),
      max_zoom: integerVariable(environment, 'MAP_TILES_MAX_ZOOM', 19, 1, zoomMax),
    },
  }
}
