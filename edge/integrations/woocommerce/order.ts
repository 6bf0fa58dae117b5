/**
 * From a WooCommerce order to ours. Pure. The shop's body has hundreds of fields, more with each of
 * its plugins, and texts in HTML; so it is read by name where we need something, and what we cannot
 * read as what it should be is treated as absent.
 */
import Type from 'typebox'
import type { Item } from '../../../protocol/commands.ts'
import { limits } from '../../../protocol/limits.ts'

/** Open: only what an order cannot do without is demanded. */
export const WooOrder = Type.Object({
  id: Type.Integer({ minimum: 1 }),
  status: Type.Optional(Type.String()),
  line_items: Type.Array(Type.Object({ name: Type.Optional(Type.Unknown()), quantity: Type.Optional(Type.Unknown()) })),
})
export type WooOrder = Type.Static<typeof WooOrder> & Record<string, unknown>

export interface OrderDraft {
  external_id: string
  /** `date_modified`, as the shop writes it; texts of one shop compare as times. */
  modified: string
  /** What tells one customer of the shop from another: e-mail, else phone, else the order alone. */
  customer_key: string
  customer_name: string
  customer_phone: string
  /** Empty when the shop has none. */
  delivery_address: string
  coordinates: { latitude: number; longitude: number } | null
  items: Type.Static<typeof Item>[]
  notes: string
}

/** Statuses in which there is nothing to deliver, or no longer. Those that plugins add are orders. */
const nothingToDeliver: ReadonlySet<string> = new Set(['auto-draft', 'checkout-draft', 'cancelled', 'completed', 'failed', 'refunded', 'trash'])

/** Why an order is none of ours; null when it is to be delivered. */
export function ignoredBecause(order: WooOrder): string | null {
  const status = order.status?.replace(/^wc-/, '') ?? ''
  if (nothingToDeliver.has(status)) return `an order that is ${status} is not delivered`
  const methods = listAt(order, 'shipping_lines').map(line => textAt(line, 'method_id'))
  return methods.length > 0 && methods.every(method => /^(local_pickup|pickup_location)/.test(method)) ? 'the customer collects it' : null
}

export function draftOf(order: WooOrder): OrderDraft {
  const billing = order['billing']
  const ship = textAt(order['shipping'], 'address_1') === '' ? billing : order['shipping']
  const name = `${textAt(ship, 'first_name')} ${textAt(ship, 'last_name')}`.trim() || `${textAt(billing, 'first_name')} ${textAt(billing, 'last_name')}`.trim()
  const phone = textAt(ship, 'phone') || textAt(billing, 'phone')
  const email = textAt(billing, 'email').toLowerCase()
  const id = String(order.id)
  const all = order.line_items.flatMap(itemOf)
  const left = all.length - limits.itemsMax
  const number = cut(textAt(order, 'number') || id, limits.importTextCharactersMax)
  const notes = [`Shop order ${number}.`, textAt(order, 'customer_note'), left > 0 ? `${left} more items are in the shop's order.` : '']
  return {
    external_id: id,
    modified: cut(textAt(order, 'date_modified_gmt') || textAt(order, 'date_modified'), limits.importTextCharactersMax),
    customer_key: email || phone || `order ${id}`,
    customer_name: cut(name || textAt(ship, 'company') || textAt(billing, 'company') || 'Customer', limits.nameCharactersMax),
    customer_phone: cut(phone, 40),
    delivery_address: addressOf(ship),
    coordinates: coordinatesOf(order, ship === billing ? ['billing'] : ['shipping', 'delivery']),
    items: all.slice(0, limits.itemsMax),
    notes: cut(notes.filter(Boolean).join(' '), limits.textCharactersMax),
  }
}

function itemOf(line: Record<string, unknown>): OrderDraft['items'] {
  const quantity = Math.min(limits.quantityMax, Math.ceil(Number(line['quantity'])))
  // Plugins sell half a metre, which is rounded up; a line of nothing, or a refund, is no item.
  if (!(quantity >= 1)) return []
  return [{ name: cut(textAt(line, 'name') || 'Item', limits.nameCharactersMax), quantity }]
}

function addressOf(place: unknown): string {
  if (textAt(place, 'address_1') === '') return ''
  const region = `${textAt(place, 'state')} ${textAt(place, 'postcode')}`.trim()
  const parts = [textAt(place, 'address_1'), textAt(place, 'address_2'), textAt(place, 'city'), region, textAt(place, 'country')]
  return cut(parts.filter(Boolean).join(', '), limits.textCharactersMax)
}

/** WooCommerce has no coordinates; plugins that ask for a pin leave them in the metadata, each under names of its own. */
function coordinatesOf(order: WooOrder, of: readonly string[]): OrderDraft['coordinates'] {
  const meta = new Map(listAt(order, 'meta_data').map(entry => [textAt(entry, 'key').replace(/^_/, '').toLowerCase(), textAt(entry, 'value')]))
  for (const prefix of [...of.map(place => `${place}_`), ''])
    for (const [lat, lng] of [['latitude', 'longitude'], ['lat', 'lng'], ['lat', 'long']] as const) {
      const latitude = degrees(meta.get(prefix + lat), 90)
      const longitude = degrees(meta.get(prefix + lng), 180)
      // A map that never loaded says 0, 0, which is in the sea.
      if (latitude !== null && longitude !== null && !(latitude === 0 && longitude === 0)) return { latitude, longitude }
    }
  return null
}

function degrees(text: string | undefined, most: number): number | null {
  if (text === undefined || !/^[+-]?\d{1,3}(\.\d{1,20})?$/.test(text)) return null
  const value = Number(text)
  return Math.abs(value) <= most ? value : null
}

function listAt(value: unknown, key: string): Record<string, unknown>[] {
  const found = (value as Record<string, unknown> | null | undefined)?.[key]
  return Array.isArray(found) ? found.filter((entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null) : []
}

/** As plain text on one line; numbers as they are written; anything else is absent. */
function textAt(value: unknown, key: string): string {
  const found = (value as Record<string, unknown> | null | undefined)?.[key]
  return typeof found === 'string' ? plain(found) : typeof found === 'number' ? String(found) : ''
}

/** Of what a shop writes in names: ampersands, dashes, quotes and signs. Others stay as they are. */
const entities: Readonly<Record<string, string>> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: '\'', nbsp: ' ', ndash: '–', mdash: '—', hellip: '…', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”',
  times: '×', deg: '°', micro: 'µ', reg: '®', trade: '™', copy: '©', frac12: '½', frac14: '¼', euro: '€', pound: '£', laquo: '«', raquo: '»', bull: '•',
}

function plain(html: string): string {
  return html
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]+\d{0,2});/gi, (whole, name: string) => {
      if (!name.startsWith('#')) return entities[name.toLowerCase()] ?? whole
      const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
      return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : ''
    })
    // Line breaks and other control characters, halves of characters, and what turns the direction of writing.
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Whole characters, counted as the schemas count them. */
const cut = (text: string, charactersMax: number): string => (text.length <= charactersMax ? text : text.slice(0, charactersMax).replace(/[\ud800-\udbff]$/, ''))
