/**
 * A list is published in messages that fit the bus, for items of any size. Only an item that is too
 * large for a message alone is lost.
 */
import fc from '../testing/properties.ts'
import t from 'tap'
import { limits } from '../kernel/limits.ts'
import type { Bus } from './bus.ts'
import { decodeBody } from './codec.ts'
import { publishList } from './lists.ts'
import { memoryBus } from './memory.ts'

/**
 * A bus that takes messages up to a size. It keeps their items, and counts messages that are
 * larger.
 */
function boundedBus(messageBytesMax: number) {
  const parts: unknown[][] = []
  let tooLarge = 0
  const bus: Pick<Bus, 'publish' | 'messageBytesMax'> = {
    messageBytesMax,
    publish(_subject, body) {
      const bytes = typeof body === 'function' ? body() : body
      if (bytes.byteLength > messageBytesMax) {
        tooLarge++
        return false
      }
      parts.push((decodeBody(bytes) as { list: unknown[] }).list)
      return true
    },
  }
  return {
    bus,
    parts,
    get tooLarge() {
      return tooLarge
    },
  }
}

const symbols = ['a', 'é', '中', '😀', '\u0001', '"', '\\', '\u2028', '👩‍👩‍👧‍👦']
const bytesMax = 4_096
const item = fc.record({
  text: fc
    .tuple(
      fc.constantFrom(...symbols),
      fc.oneof(
        { weight: 8, arbitrary: fc.nat(20) },
        { weight: 3, arbitrary: fc.nat(900) },
        { weight: 1, arbitrary: fc.nat(9_000) },
      ),
    )
    .map(([symbol, times]) => symbol.repeat(times)),
  number: fc.integer(),
})

t.test(
  'every message fits, items keep their order, and only items that are too large alone are lost',
  async t => {
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 300, size: 'max' }),
        fc.integer({ min: 0, max: 5_000 }),
        (items, rough) => {
          const to = boundedBus(bytesMax)
          const lost = publishList(
            to.bus,
            'list',
            items,
            part => ({ list: part }),
            () => rough,
          )
          const heard = to.parts.flat()
          const expected = items.filter(one => bytesAlone(one) <= bytesMax)
          if (JSON.stringify(heard) !== JSON.stringify(expected))
            throw new Error(`heard ${heard.length} of ${expected.length}`)
          if (lost !== items.length - expected.length || to.tooLarge !== lost)
            throw new Error(`${lost} lost, ${to.tooLarge} too large`)
          if (to.parts.some(part => part.length === 0)) throw new Error('a message without items')
        },
      ),
      { numRuns: 300 },
    )
    t.pass()
  },
)

/** The size of a message with this item alone, bytes. */
function bytesAlone(one: unknown): number {
  let bytes = 0
  publishList(
    {
      messageBytesMax: Infinity,
      publish(_subject, body) {
        bytes = (body as Uint8Array).byteLength
        return true
      },
    },
    'one',
    [one],
    part => ({ list: part }),
  )
  return bytes
}

t.test('small items share one message, also small items behind large ones', async t => {
  const small = boundedBus(limits.busMessageBytesMax)
  publishList(
    small.bus,
    'list',
    Array.from({ length: 1_000 }, (_, i) => i),
    part => ({ list: part }),
  )
  t.equal(small.parts.length, 1)
  const uneven = boundedBus(bytesMax)
  const items = [
    ...Array.from({ length: 20 }, () => '😀'.repeat(900)),
    ...Array.from({ length: 5_000 }, (_, i) => i),
  ]
  t.equal(
    publishList(
      uneven.bus,
      'list',
      items,
      part => ({ list: part }),
      () => 3,
    ),
    0,
  )
  t.ok(uneven.parts.length < 20 + 40, `${uneven.parts.length} messages`)
})

t.test('items that the bus does not take are counted as lost', async t => {
  const bus = memoryBus({ onLog() {} })
  await bus.close()
  t.equal(
    publishList(bus, 'list', [1, 2, 3], part => part),
    3,
  )
})
