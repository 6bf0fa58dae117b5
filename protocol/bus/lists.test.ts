/**
 * However large and however uneven the items of a list are, every message of it fits the bus, and
 * nothing else is lost.
 */
import fc from '../testing/properties.ts'
import t from 'tap'
import { limits } from '../kernel/limits.ts'
import type { Bus } from './bus.ts'
import { decodeBody } from './codec.ts'
import { publishList } from './lists.ts'
import { memoryBus } from './memory.ts'

/** Takes what the real bus takes, and counts what it was given. */
function scale(messageBytesMax: number) {
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

t.test('parts fit, keep their order, and only what is too large alone is lost', async t => {
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 300, size: 'max' }),
      fc.integer({ min: 0, max: 5_000 }),
      (items, rough) => {
        const to = scale(bytesMax)
        const lost = publishList(
          to.bus,
          'list',
          items,
          part => ({ list: part }),
          () => rough,
        )
        const alone = (one: unknown): boolean => scaleOf(one) > bytesMax
        const heard = to.parts.flat()
        const expected = items.filter(one => !alone(one))
        if (JSON.stringify(heard) !== JSON.stringify(expected))
          throw new Error(`heard ${heard.length} of ${expected.length}`)
        if (lost !== items.length - expected.length || to.tooLarge !== lost)
          throw new Error(`${lost} lost, ${to.tooLarge} too large`)
        if (to.parts.some(part => part.length === 0)) throw new Error('a message of nothing')
      },
    ),
    { numRuns: 300 },
  )
  t.pass('always')
})

function scaleOf(one: unknown): number {
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

t.test(
  'what is small leaves in one message, and heavy items do not cut up what follows them',
  async t => {
    const small = scale(limits.busMessageBytesMax)
    publishList(
      small.bus,
      'list',
      Array.from({ length: 1_000 }, (_, i) => i),
      part => ({ list: part }),
    )
    t.equal(small.parts.length, 1)
    const uneven = scale(bytesMax)
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
  },
)

t.test('what the bus does not take is lost and said', async t => {
  const bus = memoryBus({ onLog() {} })
  await bus.close()
  t.equal(
    publishList(bus, 'list', [1, 2, 3], part => part),
    3,
  )
})
