/** The contract of a ledger: each rule, and each refusal with what it leaves behind. */
import type { Test } from 'tap'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { sumMax } from './account.ts'
import { key, sumsOf, type Subject } from './fixture-ledgers.ts'
import type { Outcome, Refusal } from './post.ts'
import type { Move, Settlement, Transfer } from './transfer.ts'

const newId = (): string => uuidV7(Date.now(), Math.random)
const atMs = Date.parse('2026-11-30T12:00:00Z')
const refusalOf = (outcome: Outcome): Refusal | null => (outcome.ok ? null : outcome.refusal)

/** Runs the contract on ledgers that `make` returns; each part names accounts of its own. */
export async function ledgerContract(t: Test, ledger: Subject): Promise<void> {
  const accounts = async () => {
    const [world, payable, cash, yen] = [newId(), newId(), newId(), newId()] as const
    await ledger.open([
      key(world),
      key(payable, 'debits_must_not_exceed_credits'),
      key(cash, 'credits_must_not_exceed_debits'),
      key(yen, null, 'JPY'),
    ])
    return { world, payable, cash, yen }
  }
  const move = (
    debitId: string,
    creditId: string,
    amount: bigint,
    more: Partial<Move> = {},
  ): Move => ({
    id: newId(),
    code: 'test',
    phase: 'direct',
    debitId,
    creditId,
    currency: 'USD',
    amount,
    ...more,
  })
  const pending = (debitId: string, creditId: string, amount: bigint, timeoutMs?: number): Move =>
    move(debitId, creditId, amount, { phase: 'pending', ...(timeoutMs && { timeoutMs }) })
  const settle = (phase: 'post' | 'void', pendingId: string, amount?: bigint): Settlement => ({
    id: newId(),
    code: 'test',
    phase,
    pendingId,
    ...(amount !== undefined && { amount }),
  })
  const happens = async (...group: Transfer[]) => {
    const outcome = await ledger.record(group, atMs)
    t.ok(
      outcome.ok,
      JSON.stringify(outcome, (_, v) => (typeof v === 'bigint' ? String(v) : v)),
    )
  }
  const sums = async (...ids: string[]) =>
    Promise.all(ids.map(async id => sumsOf(await ledger.account(id))))

  await t.test('an amount moves from one account to another, once for each id', async t => {
    const { world, payable } = await accounts()
    const first = move(world, payable, 300n)
    await happens(first)
    const again = await ledger.record([first], atMs + 5_000)
    t.match(again, { ok: true, repeated: true })
    t.same(await sums(world, payable), [
      [0, 300, 0, 0],
      [0, 0, 0, 300],
    ])
  })

  await t.test('an amount beyond 2^53 is kept exactly', async t => {
    const { world, payable } = await accounts()
    await happens(move(world, payable, 2n ** 53n), move(world, payable, 1n))
    t.equal((await ledger.account(payable)).creditsPosted, 2n ** 53n + 1n)
  })

  await t.test('a pending amount is posted whole, in part, or freed', async t => {
    const { world, payable } = await accounts()
    const three = [
      pending(world, payable, 100n),
      pending(world, payable, 50n),
      pending(world, payable, 7n),
    ]
    await happens(...three)
    t.same(await sums(world, payable), [
      [157, 0, 0, 0],
      [0, 0, 157, 0],
    ])
    await happens(settle('post', three[0]!.id))
    await happens(settle('post', three[1]!.id, 20n))
    await happens(settle('void', three[2]!.id))
    t.same(await sums(world, payable), [
      [0, 120, 0, 0],
      [0, 0, 0, 120],
    ])
  })

  await t.test('a repeated end of a pending transfer changes nothing', async t => {
    const { world, payable } = await accounts()
    const held = pending(world, payable, 100n)
    await happens(held)
    const end = settle('post', held.id)
    await happens(end)
    t.match(await ledger.record([end], atMs), { ok: true, repeated: true })
    t.match(await ledger.record([{ ...end, amount: 100n }], atMs), { ok: true, repeated: true })
    t.equal(
      refusalOf(await ledger.record([{ ...end, amount: 99n }], atMs)),
      'exists_with_other_content',
    )
    t.same(await sums(payable), [[0, 0, 0, 100]])
  })

  await t.test('a pending transfer ends by itself at its time, once', async t => {
    const { world, payable } = await accounts()
    const [short, long] = [pending(world, payable, 40n, 1_000), pending(world, payable, 2n, 9_000)]
    await happens(short, long)
    t.equal(await ledger.expire(atMs + 999), 0, 'not before its time')
    t.equal(
      refusalOf(await ledger.record([settle('post', short.id)], atMs + 1_000)),
      'pending_transfer_expired',
      'over by its time, also before the sweep',
    )
    t.equal(await ledger.expire(atMs + 1_000), 1)
    t.equal(await ledger.expire(atMs + 1_001), 0, 'once')
    t.same(await sums(world, payable), [
      [2, 0, 0, 0],
      [0, 0, 2, 0],
    ])
    t.equal(
      refusalOf(await ledger.record([settle('void', short.id)], atMs + 2_000)),
      'pending_transfer_expired',
    )
  })

  await t.test('a group sees its own transfers, and happens as a whole or not at all', async t => {
    const { world, payable, cash } = await accounts()
    await happens(move(world, payable, 10n), move(payable, world, 10n))
    const held = pending(world, payable, 5n)
    await happens(held, settle('post', held.id))
    const outcome = await ledger.record(
      [move(cash, world, 7n), move(world, cash, 7n), move(payable, cash, 6n)],
      atMs,
    )
    t.match(outcome, { ok: false, refusal: 'exceeds_credits', at: 2 })
    t.same(await sums(world, payable, cash), [
      [0, 15, 0, 10],
      [0, 10, 0, 15],
      [0, 0, 0, 0],
    ])
  })

  await t.test('what is only reserved can be spent by nobody', async t => {
    const { world, payable, cash } = await accounts()
    await happens(pending(world, payable, 100n))
    t.equal(refusalOf(await ledger.record([move(payable, world, 1n)], atMs)), 'exceeds_credits')
    await happens(move(world, payable, 10n), pending(payable, world, 8n))
    t.equal(refusalOf(await ledger.record([move(payable, world, 3n)], atMs)), 'exceeds_credits')
    await happens(move(payable, world, 2n))
    await happens(move(cash, world, 10n), pending(world, cash, 8n))
    t.equal(refusalOf(await ledger.record([move(world, cash, 3n)], atMs)), 'exceeds_debits')
  })

  const { world, payable, cash, yen } = await accounts()
  const [stored, held, posted, voided] = [
    move(world, payable, 50n),
    pending(world, payable, 50n),
    pending(world, payable, 50n),
    pending(world, payable, 50n),
  ]
  await happens(stored, held, posted, voided)
  await happens(settle('post', posted.id), settle('void', voided.id))
  const before = await sums(world, payable, cash, yen)
  const fresh = move(world, payable, 1n)
  const refused: [Refusal, Transfer[], string?][] = [
    ['group_is_empty', []],
    ['id_twice_in_group', [fresh, fresh]],
    ['exists_with_other_content', [{ ...stored, amount: 51n }], 'another amount'],
    ['exists_with_other_content', [{ ...stored, creditId: cash }], 'another account'],
    ['exists_with_other_content', [{ ...stored, currency: 'JPY' }], 'another currency'],
    ['exists_with_other_content', [{ ...stored, code: 'other' }], 'another reason'],
    ['exists_with_other_content', [{ ...stored, aboutId: world }], 'another record'],
    ['exists_with_other_content', [{ ...stored, phase: 'pending' }], 'another phase'],
    ['exists_with_other_content', [{ ...held, timeoutMs: 5 }], 'another time'],
    ['exists_in_part', [stored, move(world, payable, 1n)]],
    ['amount_must_be_positive', [move(world, payable, 0n)], 'nothing'],
    ['amount_must_be_positive', [move(world, payable, -1n)], 'less than nothing'],
    ['amount_must_be_positive', [settle('post', held.id, 0n)], 'posting nothing'],
    ['accounts_must_differ', [move(world, world, 1n)]],
    ['debit_account_not_found', [move(newId(), payable, 1n)]],
    ['credit_account_not_found', [move(world, newId(), 1n)]],
    ['currencies_must_be_equal', [move(world, yen, 1n)], 'of the accounts'],
    [
      'currencies_must_be_equal',
      [move(world, payable, 1n, { currency: 'JPY' })],
      'of the transfer',
    ],
    ['timeout_must_be_positive', [pending(world, payable, 1n, -5)]],
    ['timeout_is_for_pending_transfers', [move(world, payable, 1n, { timeoutMs: 5 })]],
    ['sum_too_large', [move(world, payable, sumMax)]],
    ['exceeds_credits', [move(payable, world, 101n)]],
    ['exceeds_debits', [move(world, cash, 1n)]],
    ['pending_transfer_not_found', [settle('post', newId())]],
    ['transfer_is_not_pending', [settle('post', stored.id)]],
    ['pending_transfer_already_posted', [settle('void', posted.id)]],
    ['pending_transfer_already_voided', [settle('post', voided.id)]],
    ['exceeds_pending_amount', [settle('post', held.id, 51n)]],
    ['amount_is_for_posting', [settle('void', held.id, 50n)]],
  ]
  for (const [refusal, group, why] of refused)
    await t.test(`refuses ${refusal}${why === undefined ? '' : `: ${why}`}`, async t => {
      t.equal(refusalOf(await ledger.record(group, atMs)), refusal)
      t.same(await sums(world, payable, cash, yen), before, 'and nothing has moved')
    })
}
