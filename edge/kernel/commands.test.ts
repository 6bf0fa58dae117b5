/** The command client: which replies are repeated, which end the command, and the bound in time. */
import t from 'tap'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { CommandEnvelope } from '../../protocol/dispatch/commands.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { createCommandClient } from './commands.ts'
import { slotOf } from '../../protocol/kernel/slots.ts'

const actor_id = '0190b2a0-0000-7000-8000-000000000001'
const envelope = {
  id: 'c1',
  actor_id,
  verb: 'accept',
  by: { role: 'vendor' as const, id: 'v' },
  data: {},
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof CaduceusError ? error.code : String(error)),
  )

/**
 * A client on a bus that gives the answers in turn. A string is the code of a refusal; `lost` is no
 * reply. The last answer repeats.
 */
function world(answers: unknown[]) {
  let nowMs = 0
  const sent: { subject: string; envelope: CommandEnvelope; atMs: number }[] = []
  const client = createCommandClient({
    bus: {
      async request(subject, body, timeoutMs) {
        sent.push({ subject, envelope: decodeBody(body) as CommandEnvelope, atMs: nowMs })
        const answer = answers[Math.min(sent.length, answers.length) - 1]
        if (answer === 'lost') {
          nowMs += timeoutMs
          throw new CaduceusError('unavailable')
        }
        return encodeBody(
          typeof answer === 'string'
            ? { ok: false, problem: { code: answer, detail: `said ${answer}` } }
            : answer,
        )
      },
    },
    nowMs: () => nowMs,
    random: () => 0.5,
    after: (ms, run) => {
      nowMs += ms
      setImmediate(run)
      return () => {}
    },
  })
  return { client, sent, now: () => nowMs }
}
const good = { ok: true, order: { id: actor_id }, outcome: {} }

t.test("a command goes to the owner of the actor's slot", async t => {
  const { client, sent } = world([good])
  t.match(await client.order(envelope), good)
  t.equal(sent[0]!.subject, subjects.slotCommand(slotOf(actor_id)))
  t.match(sent[0]!.envelope, { ...envelope, actor: 'order' })
})

t.test('a moved or lost command is sent again under the same id [3]', async t => {
  const { client, sent } = world(['moved', 'unavailable', 'lost', good])
  t.equal(await codeOf(client.driver(envelope)), 'ok')
  t.same(
    sent.map(s => s.envelope.id),
    ['c1', 'c1', 'c1', 'c1'],
  )
})

t.test('a refusal of the actor is thrown at once, with its own words', async t => {
  for (const code of ['order_state_conflict', 'overloaded', 'order_not_found'] as const) {
    const { client, sent } = world([code])
    await t.rejects(client.order(envelope), { code, message: `said ${code}` })
    t.equal(sent.length, 1, code)
  }
})

t.test('a command without an answer ends in unavailable within the bound', async t => {
  for (const answer of ['lost', 'moved']) {
    const { client, sent, now } = world([answer])
    t.equal(await codeOf(client.order(envelope)), 'unavailable')
    t.ok(now() <= limits.commandTimeoutMs, `${answer}: ${now()} ms`)
    t.ok(sent.length > 1, answer)
  }
})

t.test('an answer that is no reply is an internal error', async t => {
  for (const answer of [
    null,
    1,
    { ok: false },
    { ok: false, problem: { code: 'nonsense', detail: '' } },
  ])
    t.equal(await codeOf(world([answer]).client.order(envelope)), 'internal')
})
