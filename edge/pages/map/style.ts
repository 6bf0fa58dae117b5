/**
 * How streets of an archive look: few layers in the colours of the page, for the two common schemas
 * of such files (Protomaps and OpenMapTiles), which name the same things differently. Names are
 * drawn with the fonts of the device, so no other server is asked for letters.
 */
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl'

type Draft = { [Type in LayerSpecification as Type['type']]: Omit<Type, 'source'> }[
  | 'fill'
  | 'line'
  | 'symbol']

const source = 'streets'
const kind: ExpressionSpecification = ['coalesce', ['get', 'kind'], ['get', 'class'], '']
const isOneOf = (...kinds: string[]): ExpressionSpecification => ['in', kind, ['literal', kinds]]
const isMajor = isOneOf('highway', 'major_road', 'motorway', 'trunk', 'primary', 'secondary')
const isPath = isOneOf('path', 'track', 'other', 'footway')
const isNoStreet = isOneOf('rail', 'transit', 'ferry', 'aerialway')
const isGreen = isOneOf(
  'park',
  'forest',
  'wood',
  'grass',
  'grassland',
  'nature_reserve',
  'cemetery',
)
/** Widths in pixels by zoom. */
const width = (...stops: number[]): ExpressionSpecification => [
  'interpolate',
  ['exponential', 1.6],
  ['zoom'],
  ...stops,
]

/**
 * The style of an archive that has these layers. `color` gives the colours of the style sheet;
 * `language` chooses among the names of a place.
 */
export function styleOf(
  url: string,
  layers: ReadonlySet<string>,
  color: (name: string) => string,
  language: string,
): StyleSpecification {
  const name: ExpressionSpecification = [
    'coalesce',
    ['get', `name:${language}`],
    ['get', 'name'],
    '',
  ]
  const label = {
    'text-color': color('--map-ink'),
    'text-halo-color': color('--map-ground'),
    'text-halo-width': 1.5,
  }
  const font = ['sans-serif']
  const areas = (id: string, paint: string, filter?: ExpressionSpecification): Draft => ({
    id,
    'source-layer': id,
    type: 'fill',
    paint: { 'fill-color': color(paint) },
    ...(filter && { filter }),
  })
  const roads = (id: string): Draft[] => [
    {
      id: `${id}-paths`,
      'source-layer': id,
      type: 'line',
      minzoom: 14,
      filter: isPath,
      paint: {
        'line-color': color('--map-road'),
        'line-width': width(14, 0.5, 18, 3),
        'line-dasharray': [2, 2],
      },
    },
    {
      id: `${id}-minor`,
      'source-layer': id,
      type: 'line',
      minzoom: 11,
      filter: ['!', ['any', isMajor, isPath, isNoStreet]],
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': color('--map-road'), 'line-width': width(11, 0.4, 16, 6, 20, 26) },
    },
    {
      id: `${id}-major`,
      'source-layer': id,
      type: 'line',
      filter: isMajor,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': color('--map-road-major'),
        'line-width': width(6, 0.5, 12, 2, 16, 10, 20, 40),
      },
    },
  ]
  const names = (id: string, minzoom: number, isAlong: boolean): Draft => ({
    id: `${id}-names`,
    'source-layer': id,
    type: 'symbol',
    minzoom,
    layout: {
      'text-field': name,
      'text-font': font,
      'text-size': isAlong ? 11 : 13,
      'symbol-placement': isAlong ? 'line' : 'point',
    },
    paint: label,
  })
  const line = (id: string, paint: string): Draft => ({
    id: `${id}-lines`,
    'source-layer': id,
    type: 'line',
    paint: { 'line-color': color(paint), 'line-width': 1 },
  })
  const all: Draft[] = [
    areas('landcover', '--map-green', isGreen),
    areas('landuse', '--map-green', isGreen),
    areas('park', '--map-green'),
    areas('water', '--map-water', ['!=', ['geometry-type'], 'LineString']),
    line('waterway', '--map-water'),
    areas('buildings', '--map-building'),
    areas('building', '--map-building'),
    ...roads('roads'),
    ...roads('transportation'),
    line('boundaries', '--map-text'),
    line('boundary', '--map-text'),
    names('roads', 14, true),
    names('transportation_name', 14, true),
    names('places', 3, false),
    names('place', 3, false),
  ]
  return {
    version: 8,
    sources: { [source]: { type: 'vector', url } },
    layers: [
      {
        id: 'ground',
        type: 'background',
        paint: { 'background-color': color('--map-ground') },
      },
      ...all
        .filter(layer => layers.has(layer['source-layer']!))
        .map(layer => ({ ...layer, source }) as LayerSpecification),
    ],
  }
}
