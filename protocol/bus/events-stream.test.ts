/**
 * The event stream on a real nats-server. A consumer that was away gets every event once and in the
 * order of its slot, although the stream repeats and reorders events. A server that is killed loses
 * no event that a flush had confirmed.
 */
import { jetstream, jetstreamManager, AckPolicy, type JsMsg } from '@nats-io/jetstream'
import { connect, nanos } from '@nats-io/transport-node'
import t from 'tap'
import { requireOrSkip, startNats } from '../testing/services.ts'
import { decodeBody, encodeBody } from './codec.ts'
import { eventStream, subjects } from './subjects.ts'
import { natsBus } from './nats.ts'
import { ensureEventStream } from './stream.ts'
import { SlotOrder } from '../kernel/slot-order.ts'

const ackWaitMs = 500

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const publishOf =
  (bus: { publish(subject: string, body: Uint8Array, id?: string): boolean }) =>
  (slot: number, seq: number): boolean =>
    bus.publish(
      subjects.event('order', 'picked_up', `o${seq}`),
      encodeBody({ slot, seq }),
      `${slot}.${seq}`,
    )

t.test(
  'events that a flush confirmed are stored, also when the server is killed at once',
  { skip: requireOrSkip(t, 'nats') },
  async t => {
    const server = await startNats({ jetstream: true })
    const logs: string[] = []
    const bus = await natsBus(server.url, { eventStream, onLog: line => logs.push(line) })
    const publish = publishOf(bus)
    const heard: string[] = []
    bus.subscribe(subjects.eventFilter, m => {
      const { slot, seq } = decodeBody(m.body) as { slot: number; seq: number }
      heard.push(`${slot}.${seq}`)
    })
    await bus.flush()
    const observer = await connect({
      servers: server.url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    })
    const manager = await jetstreamManager(observer)
    const stored = () => manager.streams.info(eventStream.name).then(({ state }) => state.messages)
    await stored()
    let seq = 0
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 1_000; n++) publish(7, ++seq)
      await bus.flush()
      t.equal(await stored(), seq, 'the stream has each event')
      await server.kill()
      t.notOk(
        bus.connected &&
          publish(7, seq + 1) &&
          (await bus.flush().then(
            () => true,
            () => false,
          )),
        'no flush confirms an event while the server is away',
      )
      await server.restart()
      for (let tries = 0; !bus.connected && tries < 200; tries++) await pause(50)
    }
    publish(7, ++seq)
    await bus.flush()
    t.equal(await stored(), 3_001, 'each event once')
    const consumer = await jetstream(observer).consumers.get(eventStream.name)
    const seqs: number[] = []
    for await (const message of await consumer.fetch({ max_messages: 10_000, expires: 5_000 })) {
      seqs.push((decodeBody(message.data) as { seq: number }).seq)
      if (seqs.length === 3_001) break
    }
    t.same(
      seqs,
      Array.from({ length: 3_001 }, (_, i) => i + 1),
      'in order',
    )
    t.same(
      heard.filter((one, i) => one !== `7.${i + 1}`),
      [],
      'a subscriber heard them in order too',
    )
    t.notMatch(logs.join('\n'), /does not confirm/)
    await observer.close()
    await bus.close()
    await server.stop()
  },
)

t.test(
  'a consumer that was away, slow and killed handles each event once, in the order of its slot',
  { skip: requireOrSkip(t, 'nats') },
  async t => {
    const server = await startNats({ jetstream: true })
    const bus = await natsBus(server.url, { eventStream, onLog() {} })
    const publish = publishOf(bus)
    const setup = await connect({ servers: server.url })
    const manager = await jetstreamManager(setup)
    // Several events may be under way, so an event that is not acknowledged comes again behind its
    // successors.
    await manager.consumers.add(eventStream.name, {
      durable_name: 'analytics',
      ack_policy: AckPolicy.Explicit,
      max_ack_pending: 16,
      ack_wait: nanos(ackWaitMs),
    })
    await setup.close()

    const delivered: string[] = []
    const handled: string[] = []
    /**
     * Runs a consumer until `wanted` events are handled, and ends it as if it were killed. The
     * events of `slow` are not acknowledged when they come first. `stored` are the last numbers
     * that the consumer before it handled, by slot; so are the numbers that it returns.
     */
    async function life(
      stored: Iterable<readonly [number, number]>,
      wanted: number,
      slow: readonly string[],
    ): Promise<ReadonlyMap<number, number>> {
      const order = new SlotOrder<{ slot: number; seq: number; message: JsMsg }>(stored)
      const connection = await connect({ servers: server.url })
      const consumer = await jetstream(connection).consumers.get(eventStream.name, 'analytics')
      const late = new Set(slow)
      for await (const message of await consumer.consume()) {
        const { slot, seq } = decodeBody(message.data) as { slot: number; seq: number }
        const id = `${slot}.${seq}`
        delivered.push(id)
        // As if the event had been lost on its way.
        if (late.delete(id)) continue
        const { ready, repeat } = order.take({ slot, seq, message })
        if (repeat) message.ack()
        for (const one of ready) {
          handled.push(`${one.slot}.${one.seq}`)
          one.message.ack()
        }
        if (handled.length === wanted) break
      }
      // The last acknowledgements may not have left.
      await connection.close()
      return order.done
    }
    for (let seq = 1; seq <= 10; seq++) {
      publish(1, seq)
      publish(2, seq)
    }
    await bus.flush()
    const stored = await life(
      [
        [1, 0],
        [2, 0],
      ],
      20,
      ['1.3', '2.7'],
    )
    // While the consumer is away there are more events, repeats as after a change of owner, and a
    // restart of the server.
    for (let seq = 11; seq <= 30; seq++) {
      publish(1, seq)
      publish(2, seq)
    }
    await bus.flush()
    await server.restart()
    for (let tries = 0; !bus.connected && tries < 200; tries++) await pause(50)
    for (let seq = 5; seq <= 40; seq++) publish(1, seq)
    for (let seq = 31; seq <= 40; seq++) publish(2, seq)
    await bus.flush()
    await life(stored, 80, ['1.12', '1.13', '2.40'])
    const inOrder = (slot: number): string[] =>
      Array.from({ length: 40 }, (_, i) => `${slot}.${i + 1}`)
    t.notSame(
      delivered.filter(id => id.startsWith('1.')),
      inOrder(1),
      'events did not come in order, because late ones came again behind their successors',
    )
    for (const slot of [1, 2])
      t.same(
        handled.filter(id => id.startsWith(`${slot}.`)),
        inOrder(slot),
        `slot ${slot}: every event once, in order`,
      )
    await bus.close()
    await server.stop()
  },
)

t.test(
  'a stream that was deleted delays no flush for ever, and is made again',
  { skip: requireOrSkip(t, 'nats') },
  async t => {
    const server = await startNats({ jetstream: true })
    const logs: string[] = []
    const bus = await natsBus(server.url, { eventStream, onLog: line => logs.push(line) })
    const publish = publishOf(bus)
    // With a subscriber the server does not answer by itself that there is no stream.
    bus.subscribe(subjects.eventFilter, () => {})
    publish(1, 1)
    await bus.flush()
    const connection = await connect({ servers: server.url })
    const manager = await jetstreamManager(connection)
    await manager.streams.delete(eventStream.name)
    publish(1, 2)
    await bus.flush()
    t.match(logs.join('\n'), /does not confirm/, 'the log says that the stream does not confirm')
    publish(1, 3)
    await bus.flush()
    for (let tries = 0; !logs.join('\n').includes('is there') && tries < 200; tries++)
      await pause(50)
    publish(1, 4)
    await bus.flush()
    t.equal(
      (await manager.streams.info(eventStream.name)).state.messages,
      1,
      'the stream stores events again',
    )
    // The stream of an older deployment keeps the settings of its operator, and gets the subjects
    // that it lacks.
    await manager.streams.delete(eventStream.name)
    await manager.streams.add({
      name: eventStream.name,
      subjects: [subjects.eventFilter],
      max_bytes: 4_000_000,
    })
    t.equal(await ensureEventStream(server.url, eventStream), 'present')
    const { config } = await manager.streams.info(eventStream.name)
    t.same(
      [config.subjects.toSorted(), config.max_bytes],
      [[...eventStream.filters].toSorted(), 4_000_000],
    )
    await connection.close()
    await bus.close()
    await server.stop()
  },
)
