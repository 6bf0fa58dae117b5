/**
 * The fair queue: a flood waits for itself, others do not wait for it, and every count has a bound.
 */
import t from 'tap'
import { FairQueue } from './fair-queue.ts'

const bounds = { atOnceMax: 2, totalMax: 12, perKeyMax: 8 }
/** Work that ends when the test decides, in the order in which it began. */
function startQueue() {
  const queue = new FairQueue(bounds, () => new Error('full'))
  const begun: string[] = []
  const finish: (() => void)[] = []
  const refused: string[] = []
  const bring = (key: string | null, name: string) =>
    queue
      .run(
        key,
        () =>
          new Promise<void>(resolve => {
            begun.push(name)
            finish.push(resolve)
          }),
      )
      .catch(() => {
        refused.push(name)
      })
  const settle = () =>
    new Promise(resolve => {
      setImmediate(resolve)
    })
  return {
    queue,
    begun,
    refused,
    bring,
    settle,
    async done(count: number) {
      for (let i = 0; i < count; i++) {
        finish.shift()!()
        await settle()
      }
    },
  }
}

t.test('the keys take turns', async t => {
  const { begun, bring, done } = startQueue()
  for (let i = 1; i <= 6; i++) void bring('flood', `flood ${i}`)
  void bring('ward', 'ward 1')
  void bring('home', 'home 1')
  void bring('ward', 'ward 2')
  t.same(begun, ['flood 1', 'flood 2'])
  await done(6)
  t.same(
    begun.slice(2),
    ['flood 3', 'ward 1', 'home 1', 'flood 4', 'ward 2', 'flood 5'],
    'work of one key waits for at most one piece of each other key',
  )
})

t.test('one key and all keys have bounds; the key with the most work gives way', async t => {
  const { queue, refused, bring, settle, done } = startQueue()
  for (let i = 1; i <= 10; i++) void bring('flood', `flood ${i}`)
  await settle()
  t.same(refused, ['flood 9', 'flood 10'])
  for (let i = 1; i <= 4; i++) void bring('other flood', `other ${i}`)
  t.equal(queue.size, bounds.totalMax)
  void bring('honest', 'honest')
  await settle()
  t.same(refused.slice(2), ['flood 8'], 'the newest work of the largest key')
  for (let i = 5; i <= 8; i++) void bring('other flood', `other ${i}`)
  await settle()
  t.equal(queue.size, bounds.totalMax)
  t.notOk(refused.includes('honest'))
  await done(bounds.totalMax)
  t.equal(queue.size, 0, 'afterwards the queue is empty')
})

t.test('failed work gives its place back', async t => {
  const queue = new FairQueue({ atOnceMax: 1, totalMax: 1, perKeyMax: 1 }, () => new Error('full'))
  await t.rejects(
    queue.run('a', () => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  )
  t.equal(await queue.run('a', async () => 7), 7)
})
