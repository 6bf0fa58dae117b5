/** Configuration of the streets on the maps of the pages. */
import {
  ConfigError,
  integerVariable,
  textVariable,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { findArchive, type Archive } from './archive.ts'

/** The words that the owners of the data want beside the map. */
export interface Credit {
  /** Plain text. */
  attribution: string
  /** The address of their licence; null: none is named. */
  attribution_url: string | null
}
/** Pictures of the map by zoom, column and row. */
export interface Tiles extends Credit {
  /** With `{z}`, `{x}` and `{y}`. */
  url: string
  max_zoom: number
}
export interface StreetsConfig {
  /** At most one of the three is set. */
  tiles: Tiles | null
  /** The style of a map of shapes. */
  style: (Credit & { url: string }) | null
  archive: (Credit & Archive) | null
  /** The origin from which pages may load pictures of the map; null: from none. */
  pictureOrigin: string | null
  /** The origin from which pages may load a style and what it names; null: from none. */
  styleOrigin: string | null
}

const zoomMax = 22
/** Most maps are made from this data, whose licence asks for the words and the link. */
const openStreetMap: Credit = {
  attribution: '© OpenStreetMap contributors',
  attribution_url: 'https://www.openstreetmap.org/copyright',
}

/**
 * Reads MAP_STYLE_URL, MAP_TILES_URL, MAP_ATTRIBUTION and MAP_TILES_MAX_ZOOM; without the first two,
 * looks for `map.pmtiles` in DATA_DIR. Throws ConfigError.
 */
export function readStreetsConfig(
  environment: Environment,
  { dataDir }: Pick<KernelConfig, 'dataDir'>,
): StreetsConfig {
  const tilesUrl = textVariable(environment, 'MAP_TILES_URL')
  const styleUrl = textVariable(environment, 'MAP_STYLE_URL')
  const own = textVariable(environment, 'MAP_ATTRIBUTION')
  if (tilesUrl !== null && styleUrl !== null)
    throw new ConfigError('MAP_STYLE_URL and MAP_TILES_URL are both set; unset one of them')
  const archive = tilesUrl === null && styleUrl === null ? findArchive(dataDir) : null
  if (own !== null && tilesUrl === null && styleUrl === null && archive === null)
    throw new ConfigError(
      'MAP_ATTRIBUTION is set, and neither MAP_STYLE_URL nor MAP_TILES_URL nor map.pmtiles in DATA_DIR is there; set one of them too, or unset it',
    )
  const credit = own === null ? openStreetMap : { attribution: own, attribution_url: null }
  const none = { tiles: null, style: null, archive: null, pictureOrigin: null, styleOrigin: null }
  if (styleUrl !== null) {
    const styleOrigin = originOf(styleUrl)
    if (styleOrigin === null)
      throw new ConfigError(
        'MAP_STYLE_URL is not a URL such as https://maps.example.org/style.json',
      )
    return { ...none, styleOrigin, style: { url: styleUrl, ...credit } }
  }
  if (tilesUrl === null)
    return { ...none, archive: archive === null ? null : { ...archive, ...credit } }
  const origin = ['{z}', '{x}', '{y}'].every(part => tilesUrl.includes(part))
    ? originOf(tilesUrl)
    : null
  if (origin === null)
    throw new ConfigError(
      'MAP_TILES_URL is not a URL such as https://tiles.example.org/{z}/{x}/{y}.png',
    )
  return {
    ...none,
    pictureOrigin: origin,
    tiles: {
      url: tilesUrl,
      ...credit,
      max_zoom: integerVariable(environment, 'MAP_TILES_MAX_ZOOM', 19, 1, zoomMax),
    },
  }
}

/** The origin of an address of HTTP; null for another text, or with a place to fill in its host. */
function originOf(url: string): string | null {
  const filled = url.replace(/[{}]/g, '')
  if (!/^https?:\/\/[^{}\s]+\//.test(url) || !URL.canParse(filled)) return null
  const { origin } = new URL(filled)
  // A browser reads the origin in a rule of its own; nothing in it may end the rule.
  return /^https?:\/\/[a-z0-9.:[\]-]+$/.test(origin) ? origin : null
}
