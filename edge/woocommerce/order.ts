/**
 * Converts a WooCommerce order into ours. Pure. The shop's body has hundreds of fields, more with
 * each plugin, and texts in HTML. So only needed fields are read, and a field that cannot be read
 * as its type counts as absent. Only an id is required, because without one two deliveries of an
 * order look like two orders.
 */
import type Type from 'typebox'
import { decodeHTMLStrict } from 'entities'
import type { Item } from '../../protocol/kernel/schema.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { shopLimits } from './limits.ts'
import { orderTextBytes, orderTextBytesMax } from '../../protocol/dispatch/order-size.ts'
import { combiningMarksMax, composedText } from '../../protocol/kernel/text.ts'
import { listOf, momentOf, pairsOf, recordOf } from './php.ts'

export type WooOrder = Record<string, unknown>

export interface OrderDraft {
  external_id: string
  /**
   * `date_modified` in UTC without a zone, so that two of them compare as times; empty when the
   * shop sent none.
   */
  modified: string
  /** The key that distinguishes the shop's customers: e-mail, else phone, else the order alone. */
  customer_key: string
  customer_name: string
  customer_phone: string
  /** Empty when the shop has none. */
  delivery_address: string
  coordinates: { latitude: number; longitude: number } | null
  items: Type.Static<typeof Item>[]
  notes: string
}

/** Statuses in which there is nothing to deliver. Statuses of plugins count as orders. */
const nothingToDeliver: ReadonlySet<string> = new Set([
  'auto-draft',
  'checkout-draft',
  'cancelled',
  'completed',
  'failed',
  'refunded',
  'trash',
])

/** The reason to ignore an order; null for an order to deliver. */
export function ignoredBecause(order: WooOrder): string | null {
  const status = textAt(order, 'status').replace(/^wc-/, '')
  if (nothingToDeliver.has(status)) return `an order that is ${status} is not delivered`
  const methods = listOf(order['shipping_lines'])
    .map(recordOf)
    .map(line => textAt(line, 'method_id'))
  return methods.length > 0 &&
    methods.every(method => /^(local_pickup|pickup_location)/.test(method))
    ? 'the customer collects it'
    : null
}

/** The shop's id of the order, from a number or its text; null without one. */
export function externalIdOf(order: WooOrder): string | null {
  const text = textAt(order, 'id')
  return /^\d{1,20}$/.test(text) && BigInt(text) > 0n ? BigInt(text).toString() : null
}

/**
 * True when the order has readable items or clearly has none. An order with unreadable items needs
 * a person.
 */
export function isReadable(order: WooOrder): boolean {
  const lines = order['line_items']
  return (
    draftOf(order).items.length > 0 ||
    (typeof lines === 'object' &&
      lines !== null &&
      listOf(lines).every(line => typeof line === 'object' && line !== null))
  )
}

/** The draft of an order with an id. */
export function draftOf(order: WooOrder): OrderDraft {
  const billing = order['billing']
  const ship = textAt(order['shipping'], 'address_1') === '' ? billing : order['shipping']
  const name =
    `${textAt(ship, 'first_name')} ${textAt(ship, 'last_name')}`.trim() ||
    `${textAt(billing, 'first_name')} ${textAt(billing, 'last_name')}`.trim()
  const phone = textAt(ship, 'phone') || textAt(billing, 'phone')
  const email = textAt(billing, 'email').toLowerCase()
  const id = externalIdOf(order) ?? ''
  const all = listOf(order['line_items']).map(recordOf).flatMap(itemOf)
  const left = all.length - limits.itemsMax
  const number = cut(textAt(order, 'number') || id, shopLimits.importTextCharactersMax)
  // Facts that only the shop knows come first, so that a customer's long note cannot cut them off.
  const notes = [
    `Shop order ${number}.`,
    left > 0 ? `${left} more items are in the shop's order.` : '',
    textAt(order, 'customer_note'),
  ]
  return fitting({
    external_id: id,
    modified: momentOf(order['date_modified_gmt']) || momentOf(order['date_modified']),
    customer_key: cut(email || phone || `order ${id}`, limits.textCharactersMax),
    customer_name: cut(
      name || textAt(ship, 'company') || textAt(billing, 'company') || 'Customer',
      limits.nameCharactersMax,
    ),
    customer_phone: cut(phone, 40),
    delivery_address: addressOf(ship),
    coordinates: coordinatesOf(order, ship === billing ? ['billing'] : ['shipping', 'delivery']),
    items: all.slice(0, limits.itemsMax),
    notes: cut(notes.filter(Boolean).join(' '), limits.textCharactersMax),
  })
}

/** Characters by which item names are shortened at a time, and their shortest length. */
const nameCutCharacters = 10

/**
 * Shortens item names until the draft fits the size of an order. A shop sends an order once and
 * never sees a refusal. A shortened name can be looked up in the shop, and everything else stays
 * whole.
 */
function fitting(draft: OrderDraft): OrderDraft {
  const { customer_name, customer_phone, delivery_address, notes } = draft
  let { items } = draft
  for (
    let charactersMax: number = limits.nameCharactersMax;
    charactersMax > nameCutCharacters;
    charactersMax -= nameCutCharacters
  ) {
    if (
      orderTextBytes({ customer_name, customer_phone, delivery_address, notes, items }) <=
      orderTextBytesMax
    )
      break
    items = items.map(item => ({
      ...item,
      name: cut(item.name, charactersMax - nameCutCharacters),
    }))
  }
  return { ...draft, items }
}

function itemOf(line: Record<string, unknown>): OrderDraft['items'] {
  const said = textAt(line, 'quantity')
  // A missing quantity means one; some shops write a comma.
  const quantity =
    said === '' ? 1 : Math.min(limits.quantityMax, Math.ceil(Number(said.replace(',', '.'))))
  if (said === '' && textAt(line, 'name') === '') return []
  // Plugins sell half a metre, which is rounded up. A line with zero, or a refund, is not an item.
  if (!(quantity >= 1)) return []
  return [{ name: cut(textAt(line, 'name') || 'Item', limits.nameCharactersMax), quantity }]
}

function addressOf(place: unknown): string {
  if (textAt(place, 'address_1') === '') return ''
  const region = `${textAt(place, 'state')} ${textAt(place, 'postcode')}`.trim()
  const parts = [
    textAt(place, 'address_1'),
    textAt(place, 'address_2'),
    textAt(place, 'city'),
    region,
    textAt(place, 'country'),
  ]
  return cut(parts.filter(Boolean).join(', '), limits.textCharactersMax)
}

/**
 * WooCommerce has no coordinates. Plugins that ask for a pin store them in the metadata, each under
 * its own names.
 */
function coordinatesOf(order: WooOrder, of: readonly string[]): OrderDraft['coordinates'] {
  const meta = new Map(
    pairsOf(order['meta_data']).map(([key, value]) => [
      key.replace(/^_/, '').toLowerCase(),
      textAt({ value }, 'value'),
    ]),
  )
  for (const prefix of [...of.map(place => `${place}_`), ''])
    for (const [lat, lng] of [
      ['latitude', 'longitude'],
      ['lat', 'lng'],
      ['lat', 'long'],
    ] as const) {
      const latitude = degrees(meta.get(prefix + lat), 90)
      const longitude = degrees(meta.get(prefix + lng), 180)
      // A map that never loaded gives 0, 0, a place in the sea.
      if (latitude !== null && longitude !== null && !(latitude === 0 && longitude === 0))
        return { latitude, longitude }
    }
  return null
}

function degrees(text: string | undefined, most: number): number | null {
  if (text === undefined || !/^[+-]?\d{1,3}(\.\d{1,20})?$/.test(text)) return null
  const value = Number(text)
  return Math.abs(value) <= most ? value : null
}

/** Plain text on one line; a number as it is written; any other value is absent. */
function textAt(value: unknown, key: string): string {
  const found = recordOf(value)[key]
  return typeof found === 'string' ? plain(found) : typeof found === 'number' ? String(found) : ''
}

function plain(html: string): string {
  const text = decodeHTMLStrict(html.replaceAll(/<[^<>]*>/g, ' '))
    // Replaces line breaks, other control characters, halves of characters, replacement characters,
    // and marks of writing direction.
    .replaceAll(/[\p{Cc}\p{Cs}\ufffd\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  // An order is refused for a text that cannot be composed, and its size counts in composed form.
  return composedText(text.replaceAll(tooManyMarks, '$1')) ?? ''
}
const tooManyMarks = new RegExp(`(\\p{M}{${combiningMarksMax}})\\p{M}+`, 'gu')

/** Whole characters, counted as in the schemas. */
const cut = (text: string, charactersMax: number): string =>
  text.length <= charactersMax ? text : text.slice(0, charactersMax).replace(/[\ud800-\udbff]$/, '')
