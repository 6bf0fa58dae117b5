/** The load generator sends real frames at its rate, and counts exactly those that it sent. */
import t from 'tap'
import { FrameReader } from '../../../protocol/river/frames.ts'
import { App, us_socket_local_port } from '../../../edge/kernel/uws.ts'
import { askChild, startServerChild } from '../child.ts'
import type { Counters } from '../server.ts'
import { payloadBytes, startGenerator } from './generator.ts'

const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
const tokens = Array.from({ length: 10 }, (_, at) => `token-${at}`)
const startMs = Date.now() - 3_600_000

/** A server that counts the bytes that it receives. */
async function sink(t: { teardown(end: () => unknown): void }) {
  const server = await startServerChild(new URL('../bare-server.js', import.meta.url))
  t.teardown(() => server.stop())
  return server
}

t.test('each socket sends real frames in order, and the report counts all of them', async t => {
  const reader = new FrameReader()
  const seen = new Map<number, number[]>()
  let sockets = 0
  const app = App().ws<{ index: number }>('/ws/driver', {
    open(ws) {
      ws.getUserData().index = sockets++
      ws.send('{"type":"connection"}')
    },
    message(ws, message, isBinary) {
      if (!isBinary) return
      const frames = reader.read(new Uint8Array(message), Date.now())
      const { index } = ws.getUserData()
      for (let at = 0; at < frames; at++)
        seen.set(index, [...(seen.get(index) ?? []), reader.seq[at]!])
      if (frames !== 64) t.fail(`a message of ${frames} frames`)
    },
  })
  const port = await new Promise<number>(resolve => {
    app.listen('127.0.0.1', 0, socket => resolve(us_socket_local_port(socket as never)))
  })
  const generator = await startGenerator({
    url: `http://127.0.0.1:${port}`,
    tokens,
    startMs,
    framesPerMessage: 64,
    messagesPerWrite: 2,
    threads: 2,
  })
  generator.pace(12_800)
  await pause(500)
  const report = await generator.stop()
  await pause(100)
  app.close()
  t.equal(seen.size, tokens.length, 'every socket was used')
  for (const [index, seqs] of seen)
    t.same(
      seqs,
      seqs.map((_, at) => at + 1),
      `socket ${index}`,
    )
  t.equal(
    [...seen.values()].flat().length,
    report.frames,
    'the report has the number of frames that arrived',
  )
  t.ok(report.frames > 0, `${report.frames} frames`)
})

t.test('the open loop keeps its rate, and a stall of the server is in the latencies', async t => {
  const { child, url } = await sink(t)
  const generator = await startGenerator({
    url,
    tokens,
    startMs,
    framesPerMessage: 1,
    messagesPerWrite: 1,
  })
  generator.pace(5_000)
  await pause(500)
  child.kill('SIGSTOP')
  await pause(600)
  child.kill('SIGCONT')
  await pause(500)
  const { counters } = await askChild<Counters>(child, 'counters')
  const report = await generator.stop()
  // The loop is open: after a pause of its own process it sends the frames that were due, and never
  // more than the rate.
  t.ok(
    report.frames > 0 && report.frames / report.seconds < 5_250,
    `${(report.frames / report.seconds).toFixed(0)} frames/s`,
  )
  t.ok(
    counters['bytes']! / payloadBytes({ framesPerMessage: 1, messagesPerWrite: 1 }) >=
      report.frames * 0.9,
    'the frames arrived',
  )
  const slow = report.pongsMs.filter(ms => ms > 300).length
  // One ping is due every 20 ms. A generator that waited for each answer would have sent only one
  // during the stall.
  t.ok(
    slow >= 10,
    `${slow} of ${report.pongsMs.length} pings waited for more than half of the stall`,
  )
  t.ok(Math.max(...report.pongsMs) >= 550)
})

t.test('filling stops at its bound without a count, and every frame arrives', async t => {
  const { child, url } = await sink(t)
  const generator = await startGenerator({
    url,
    tokens,
    startMs,
    framesPerMessage: 64,
    messagesPerWrite: 1,
  })
  generator.fill()
  await pause(500)
  // On a busy machine frames arrive late.
  const arrived = async (): Promise<number> =>
    ((await askChild<Counters>(child, 'counters')).counters['bytes']! /
      payloadBytes({ framesPerMessage: 64, messagesPerWrite: 1 })) *
    64
  for (let before = -1, now = await arrived(); now > before;) {
    await pause(300)
    ;[before, now] = [now, await arrived()]
  }
  const counted = await arrived()
  const report = await generator.stop()
  t.ok(report.frames <= 301_000, `${report.frames} frames without a count from the server`)
  t.equal(counted, report.frames)
})

t.test('the error names a server that closes the socket or does not run', async t => {
  const app = App().ws('/ws/driver', { open: ws => ws.end(4001, 'who are you') })
  const port = await new Promise<number>(resolve => {
    app.listen('127.0.0.1', 0, socket => resolve(us_socket_local_port(socket as never)))
  })
  t.teardown(() => {
    app.close()
  })
  await t.rejects(
    startGenerator({
      url: `http://127.0.0.1:${port}`,
      tokens: ['x'],
      startMs,
      framesPerMessage: 1,
      messagesPerWrite: 1,
    }),
    /the server closed the socket.*who are you/s,
  )
  await t.rejects(
    startGenerator({
      url: 'http://127.0.0.1:9',
      tokens: ['x'],
      startMs,
      framesPerMessage: 1,
      messagesPerWrite: 1,
    }),
    /ECONNREFUSED/,
  )
})
