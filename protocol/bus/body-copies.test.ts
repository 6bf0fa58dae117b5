/**
 * Copies of bodies that share slabs of memory: each copy is the reader's own.
 */
import t from 'tap'
import { BodyCopies } from './body-copies.ts'

const filled = (length: number, byte: number): Buffer => Buffer.alloc(length, byte)

void t.test(
  'a write to a copy, or to the body that was copied, changes no other copy, over many slabs',
  async t => {
    const copies = new BodyCopies()
    // More than five megabytes, in lengths that do not fill a slab evenly. The longest copies have
    // a slab of their own.
    const lengths = Array.from({ length: 200 }, (_, i) => (i % 10 === 9 ? 100_000 : 1 + i * 97))
    const kept = lengths.map((length, i) => {
      const body = filled(length, i)
      const copy = copies.copy(body)
      body.fill(255)
      return copy
    })
    t.same(kept.map((copy, i) => copy.equals(filled(lengths[i]!, i))).indexOf(false), -1)
    for (let i = 0; i < kept.length; i += 2) kept[i]!.fill(254)
    t.same(
      kept.map((copy, i) => copy.equals(filled(lengths[i]!, i % 2 === 0 ? 254 : i))).indexOf(false),
      -1,
    )
  },
)

void t.test('small bodies share a slab, and a large one has a slab of its own size', async t => {
  const copies = new BodyCopies()
  const [one, two, large] = [
    copies.copy(filled(100, 1)),
    copies.copy(filled(100, 2)),
    copies.copy(filled(100_000, 3)),
  ]
  t.equal(one.buffer, two.buffer)
  t.ok(one.buffer.byteLength > 100_000)
  t.equal(large.buffer.byteLength, 100_000)
  t.equal(copies.copy(filled(1, 4)).buffer, one.buffer, 'the slab is used again after a large body')
})
