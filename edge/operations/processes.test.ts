/**
 * Every process answers with its figures; one that falls silent is named, and what is no answer is
 * left out.
 */
import t from 'tap'
import { encodeBody } from '../../protocol/bus/codec.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { answerFigures } from '../../protocol/dispatch/figures.ts'
import { processesOf } from './processes.ts'

t.test('engines and edges are asked together', async t => {
  const bus = memoryBus()
  t.teardown(() => bus.close())
  let nowMs = Date.parse('2026-11-30T12:00:00Z')
  let asked = 0
  bus.subscribe(subjects.figuresWanted, () => void asked++)
  const found = processesOf({
    bus,
    nowMs: () => nowMs,
    random: () => 0.5,
    // The clock of the test stands; answers of a bus in memory are there after a turn.
    after: (_ms, run) => {
      const timer = setTimeout(run, 20)
      return () => clearTimeout(timer)
    },
  })
  answerFigures(bus, 'edge', 'edge-1', () => ({ sockets: 3, name: 'no number' }))
  answerFigures(bus, 'engine', 'engine-2', () => ({ slots: 32 }))
  const third = answerFigures(bus, 'engine', 'engine-1', () => ({ slots: 32 }))
  for (const body of [{}, { ask: 7 }, { ask: '' }, 'text'])
    bus.publish(subjects.figuresWanted, encodeBody(body))
  await new Promise(resolve => {
    setTimeout(resolve, 20)
  })
  asked = 0

  const [first, second] = await Promise.all([found(), found()])
  t.equal(first, second, 'two pages share an answer')
  t.equal(asked, 1)
  t.match(first, {
    processes: [
      { kind: 'edge', id: 'edge-1', figures: { sockets: 3 } },
      { kind: 'engine', id: 'engine-1', figures: { slots: 32 } },
      { kind: 'engine', id: 'engine-2' },
    ],
    absent: [],
  })
  t.same(first.processes[0]!.figures, { sockets: 3 })
  t.ok(first.processes.every(one => one.resident_bytes > 1e6 && one.processor_seconds > 0))

  third.unsubscribe()
  const answers = (process: unknown): void =>
    void bus.subscribe(subjects.figuresWanted, () => {
      bus.publish(subjects.figuresTold, encodeBody({ ask: 'of somebody else', process }))
    })
  answers(first.processes[1])
  answers({ ...first.processes[1], id: '' })
  nowMs += 60_000
  const later = await found()
  t.same(
    later.processes.map(({ id }) => id),
    ['edge-1', 'engine-2'],
  )
  t.match(later.absent, [{ kind: 'engine', id: 'engine-1', seen_at: '2026-11-30T12:00:00.000Z' }])

  nowMs += 11 * 60_000
  t.same((await found()).absent, [], 'it is forgotten after a while')
})
