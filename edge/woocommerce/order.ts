/**
 * From a WooCommerce order to ours. Pure. The shop's body has hundreds of fields, more with each of
 * its plugins, and texts in HTML; so it is read by name where we need something, and what we cannot
 * read as what it should be is treated as absent. Only an id is demanded: without one, two deliveries of
 * an order could not be told from two orders.
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
  /** `date_modified` in UTC without a zone, so that two of them compare as times; empty when the shop sent none. */
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
const nothingToDeliver: ReadonlySet<string> = new Set([
  'auto-draft',
  'checkout-draft',
  'cancelled',
  'completed',
  'failed',
  'refunded',
  'trash',
])

/** Why an order is none of ours; null when it is to be delivered. */
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

/** The shop's id of the order, a number or its text; null where there is none. */
export function externalIdOf(order: WooOrder): string | null {
  const text = textAt(order, 'id')
  return /^\d{1,20}$/.test(text) && BigInt(text) > 0n ? BigInt(text).toString() : null
}

/** Whether it has things to deliver, or says plainly that it has none. An order whose things cannot be read is for a person. */
export function isReadable(order: WooOrder): boolean {
  const lines = order['line_items']
  return (
    draftOf(order).items.length > 0 ||
    (typeof lines === 'object' &&
      lines !== null &&
      listOf(lines).every(line => typeof line === 'object' && line !== null))
  )
}

/** Of an order with an id. */
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
  // What only the shop knows is said first: a long note of the customer must not cut it off.
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

/** Characters by which the names of items become shorter at a time, and how short at the most. */
const nameCutCharacters = 10

/**
 * With the names of its items short enough for what an order may bring together. A shop sends an order once and hears
 * nothing of a refusal; a name without its end can still be looked up in the shop, and everything else stays whole.
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
  // One that is not said is one of it; some shops write a comma.
  const quantity =
    said === '' ? 1 : Math.min(limits.quantityMax, Math.ceil(Number(said.replace(',', '.'))))
  if (said === '' && textAt(line, 'name') === '') return []
  // Plugins sell half a metre, which is rounded up; a line of nothing, or a refund, is no item.
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

/** WooCommerce has no coordinates; plugins that ask for a pin leave them in the metadata, each under names of its own. */
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
      // A map that never loaded says 0, 0, which is in the sea.
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

/** As plain text on one line; numbers as they are written; anything else is absent. */
function textAt(value: unknown, key: string): string {
  const found = recordOf(value)[key]
  return typeof found === 'string' ? plain(found) : typeof found === 'number' ? String(found) : ''
}

function plain(html: string): string {
  const text = decodeHTMLStrict(html.replaceAll(/<[^<>]*>/g, ' '))
    // Line breaks and other control characters, halves of characters, what no character was made of, and what turns the direction of writing.
    .replaceAll(/[\p{Cc}\p{Cs}\ufffd\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  // An order is refused for a text that cannot be brought into one form, and its size is measured in that form.
  return composedText(text.replaceAll(tooManyMarks, '$1')) ?? ''
}
const tooManyMarks = new RegExp(`(\\p{M}{${combiningMarksMax}})\\p{M}+`, 'gu')

/** Whole characters, counted as the schemas count them. */
const cut = (text: string, charactersMax: number): string =>
  text.length <= charactersMax ? text : text.slice(0, charactersMax).replace(/[\ud800-\udbff]$/, '')
