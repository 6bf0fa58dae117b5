/**
 * Publishes lists. Strangers decide how large an item is: a customer's notes, the number of
 * pharmacies near. So a list is cut by the bytes of the message and never by the number of items,
 * in this file for all publishers.
 *
 * The parts are found by trying. The caller's guess makes the first attempt fit nearly always; a
 * part that is too large is halved. Rejected: encoding each item alone to know its size, because
 * all small lists would pay for it.
 */
import type { Bus } from './bus.ts'
import { encodeBody } from './codec.ts'

/** Share of the message limit that a first attempt fills, because guesses may be a little low. */
const guessShare = 0.75
const roughBytesDefault = 64

/**
 * Publishes `items` in order, in as few messages as the guess allows, and none for an empty list.
 * `wrap` makes a message of a part of the items; `from` is the number of items before it.
 * `roughBytes` guesses the bytes that an item adds. The bus gives up and counts an item that is too
 * large alone. Returns the number of items that were not sent.
 */
export function publishList<T>(
  bus: Pick<Bus, 'publish' | 'messageBytesMax'>,
  subject: string,
  items: readonly T[],
  wrap: (part: readonly T[], from: number) => unknown,
  roughBytes: (item: T) => number = () => roughBytesDefault,
): number {
  const bytesMax = bus.messageBytesMax
  /** Ratio of the real to the guessed weight of this list's items, so far. */
  let heavier = 1
  let lost = 0
  for (let from = 0; from < items.length;) {
    let to = from
    for (let guess = 0; to < items.length; to++) {
      guess += roughBytes(items[to]!) * heavier
      if (to > from && guess > bytesMax * guessShare) break
    }
    let part = from === 0 && to === items.length ? items : items.slice(from, to)
    let body = encodeBody(wrap(part, from))
    while (body.byteLength > bytesMax && part.length > 1) {
      heavier *= 2
      part = part.slice(0, Math.ceil(part.length / 2))
      body = encodeBody(wrap(part, from))
    }
    if (!bus.publish(subject, body)) lost += part.length
    from += part.length
    // A few heavy items must not split the light items after them into hundreds of messages.
    heavier = Math.max(1, heavier / 2)
  }
  return lost
}
