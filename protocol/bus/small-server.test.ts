/**
 * A server with a lower limit than ours: lists are cut to messages of its size, and an item that is
 * too large alone is dropped and counted.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { requireOrSkip, startNats } from '../testing/services.ts'
import { decodeBody, encodeBody } from './codec.ts'
import { publishList } from './lists.ts'
import { natsBus } from './nats.ts'

const serverBytesMax = 20_000

t.test(
  'lists, requests and answers keep the limit of a server that takes 20 kB',
  { skip: requireOrSkip(t, 'nats') },
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'caduceus-small-'))
    const config = join(folder, 'nats.conf')
    writeFileSync(config, `max_payload: ${serverBytesMax}\n`)
    const nats = await startNats({ config })
    const logs: string[] = []
    const bus = await natsBus(nats.url, {
      name: 'small',
      onLog: line => {
        logs.push(line)
      },
    })
    t.teardown(async () => {
      await bus.close()
      await nats.stop()
      rmSync(folder, { recursive: true })
    })
    t.equal(bus.messageBytesMax, serverBytesMax, 'the bus knows the limit of its server')

    const parts: string[][] = []
    bus.subscribe('test.list', message => {
      parts.push(decodeBody(message.body) as string[])
    })
    bus.subscribe('test.echo', message => message.respond?.(encodeBody('heard')))
    await bus.flush()
    const [large, tooLarge] = ['💊'.repeat(4_000), '💊'.repeat(6_000)]
    const items = [
      ...Array.from({ length: 40 }, (_, index) => `${index} ${large}`),
      tooLarge,
      'the last',
    ]
    t.equal(
      publishList(bus, 'test.list', items, part => part),
      1,
      'only the item that is too large alone is lost',
    )
    await bus.flush()
    t.same(
      parts.flat(),
      items.filter(item => item !== tooLarge),
    )
    t.equal(bus.losses.tooLarge, 1)
    t.match(logs, [/test\.list.*too large/])

    t.equal(bus.publish('test.list', encodeBody([tooLarge]), 'an-event'), false)
    await t.rejects(bus.request('test.echo', encodeBody(tooLarge), 1_000), {
      message: /at most 20000/,
    })
    t.equal(
      decodeBody(await bus.request('test.echo', encodeBody('small'), 5_000)),
      'heard',
      'the connection still works',
    )
    t.ok(bus.connected)
  },
)
