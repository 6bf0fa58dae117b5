/**
 * Lists on their way to the bus. How large an item is, strangers decide: a customer's notes, the number of
 * pharmacies near. So a list is never cut by the number of its items but by the bytes of the message that
 * it becomes, here, for everybody who publishes one.
 *
 * The parts are found by trying. Guesses of the caller make the first attempt fit nearly always, and a part
 * that is too large is halved. Rejected: encoding each item by itself to know its size, which would be paid
 * by all the lists that are small.
 */
import type { Bus } from './bus.ts'
import { encodeBody } from './codec.ts'

/** Of the message's limit, for a first attempt: guesses may be a little low. */
const guessShare = 0.75
const roughBytesDefault = 64

/**
 * Publishes `items`, in their order, in as many messages as their bytes need, and in none when there are
 * none. `wrap` makes a message of some of them; `from` is how many came before. `roughBytes` guesses how
 * much an item adds. An item that is too large alone is given up and counted by the bus. Returns how many
 * items did not leave, that one and all those that the bus did not take.
 */
export function publishList<T>(
  bus: Pick<Bus, 'publish' | 'messageBytesMax'>,
  subject: string,
  items: readonly T[],
  wrap: (part: readonly T[], from: number) => unknown,
  roughBytes: (item: T) => number = () => roughBytesDefault,
): number {
  const bytesMax = bus.messageBytesMax
  /** How much heavier than guessed the items of this list have turned out to be. */
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
    // A few heavy items must not make hundreds of messages of the light ones behind them.
    heavier = Math.max(1, heavier / 2)
  }
  return lost
}
