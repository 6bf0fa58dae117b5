/**
 * The rules of the ledger against a model by brute force: it keeps the list of what happened, adds
 * everything up from the beginning for each question, and knows nothing of the rules' own code.
 * The contract runs on the ledger in memory here.
 */
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { ledgerContract } from './fixture-contract.ts'
import { key, MemoryLedger, sumsOf } from './fixture-ledgers.ts'
import { isMove, type Transfer } from './transfer.ts'

t.test('the contract, in memory', async t => {
  const ledger = new MemoryLedger()
  await ledgerContract(t, {
    open: async keys => ledger.open(keys),
    record: async (group, atMs) => ledger.record(group, atMs),
    expire: async atMs => ledger.expire(atMs),
    account: async id => ledger.account(id)!,
  })
})

const flags = {
  w: null,
  p: 'debits_must_not_exceed_credits',
  c: 'credits_must_not_exceed_debits',
  y: null,
  z: null,
} as const
type Name = keyof typeof flags
const names = Object.keys(flags) as Name[]
const currencyOf = (name: string): string => (name === 'y' || name === 'z' ? 'JPY' : 'USD')

/** One line of history: `amount` leaves `from` for `to`; held until `until` while it is pending. */
interface Line {
  id: string
  from: string
  to: string
  amount: number
  state: 'moved' | 'held' | 'over'
  until: number
}
const untold = Infinity

class Model {
  lines: Line[] = []
  said = new Map<string, string>()

  /** Debits and credits of an account, moved alone or with what is held. */
  total(side: 'from' | 'to', name: string, withHeld: boolean): number {
    let sum = 0
    for (const line of this.lines)
      if (line[side] === name && (line.state === 'moved' || (withHeld && line.state === 'held')))
        sum += line.amount
    return sum
  }

  /** True when the whole group may happen; then it has happened. */
  try(group: readonly Transfer[], now: number): boolean {
    const words = group.map(one => JSON.stringify({ ...one, amount: Number(one.amount ?? -1) }))
    const known = group.filter(one => this.said.has(one.id)).length
    if (known > 0)
      return known === group.length && group.every((one, i) => this.said.get(one.id) === words[i])
    if (group.length === 0 || new Set(group.map(one => one.id)).size < group.length) return false
    const copy = this.lines.map(line => ({ ...line }))
    const ok = group.every(one => this.#one(one, now))
    if (!ok) this.lines = copy
    else group.forEach((one, i) => this.said.set(one.id, words[i]!))
    return ok
  }

  #one(one: Transfer, now: number): boolean {
    if (!isMove(one)) {
      const line = this.lines.find(({ id }) => id === one.pendingId)
      const amount = Number(one.amount ?? line?.amount)
      if (line?.state !== 'held' || now >= line.until) return false
      if (one.phase === 'void') {
        if (one.amount !== undefined) return false
        line.state = 'over'
        return true
      }
      if (amount <= 0 || amount > line.amount) return false
      line.state = 'moved'
      line.amount = amount
      return true
    }
    const { debitId: from, creditId: to } = one
    const amount = Number(one.amount)
    if (amount <= 0 || from === to || !names.includes(from as Name) || !names.includes(to as Name))
      return false
    if (currencyOf(from) !== one.currency || currencyOf(to) !== one.currency) return false
    if (one.timeoutMs !== undefined && (one.phase === 'direct' || one.timeoutMs <= 0)) return false
    if (from === 'p' && this.total('from', 'p', true) + amount > this.total('to', 'p', false))
      return false
    if (to === 'c' && this.total('to', 'c', true) + amount > this.total('from', 'c', false))
      return false
    const state = one.phase === 'pending' ? 'held' : 'moved'
    this.lines.push({ id: one.id, from, to, amount, state, until: now + (one.timeoutMs ?? untold) })
    return true
  }

  expire(now: number): number {
    const over = this.lines.filter(line => line.state === 'held' && now >= line.until)
    for (const line of over) line.state = 'over'
    return over.length
  }
}

const nat = fc.nat({ max: 999 })
/** True once in `n` times. */
const seldom = (n: number) => fc.nat({ max: n - 1 }).map(one => one === 0)
/** Mostly pairs between which something can move. */
const pair = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('w p', 'p w', 'c w', 'w c', 'c p', 'w p', 'c w') },
  { weight: 1, arbitrary: fc.constantFrom('p c', 'w w', 'w y', 'w nowhere', 'nowhere w', 'y z') },
)
const amount = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 0 }) },
)
/** A wish becomes a transfer when the ids that exist are known. */
const wish = fc.record({
  kind: fc.constantFrom('direct', 'direct', 'pending', 'pending', 'post', 'void'),
  pair,
  amount,
  hasAmount: seldom(2),
  isYen: seldom(15),
  timeoutMs: fc.option(fc.integer({ min: 0, max: 8 })),
  usesOldId: seldom(20),
  nat,
})
type Wish = ReturnType<typeof wish.generate>['value']
const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.array(wish, { minLength: 1, maxLength: 1 }) },
    { weight: 4, arbitrary: fc.array(wish, { minLength: 2, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant('expire' as const) },
    { weight: 1, arbitrary: fc.record({ again: nat }) },
  ),
  { minLength: 30, maxLength: 60 },
)

/** Makes groups of transfers that often name transfers of before. */
class Maker {
  readonly #ids: string[] = []
  readonly #pending: string[] = []
  readonly #groups: Transfer[][] = []

  group(wishes: readonly Wish[]): Transfer[] {
    const group = wishes.map(one => this.#transfer(one))
    this.#groups.push(group)
    return group
  }
  again(n: number): Transfer[] {
    return this.#groups.at(n % Math.max(this.#groups.length, 1)) ?? []
  }
  #transfer({ kind, isYen, timeoutMs, usesOldId, hasAmount, nat: n, ...one }: Wish): Transfer {
    const id =
      usesOldId && this.#ids.length > 0
        ? this.#ids[n % this.#ids.length]!
        : String(this.#ids.length)
    this.#ids.push(id)
    if (kind === 'post' || kind === 'void') {
      const ofNext = this.#pending.slice(-6)
      const pendingId = ofNext[n % Math.max(ofNext.length, 1)] ?? 'none'
      const amounts =
        hasAmount && (kind === 'post' || n % 4 === 0) ? { amount: BigInt(one.amount) } : {}
      return { id, code: 'x', phase: kind, pendingId, ...amounts }
    }
    if (kind === 'pending') this.#pending.push(id)
    const [debitId, creditId] = one.pair.split(' ') as [string, string]
    return {
      id,
      code: 'x',
      phase: kind as 'direct' | 'pending',
      debitId,
      creditId,
      currency: isYen ? 'JPY' : 'USD',
      amount: BigInt(one.amount),
      ...(timeoutMs !== null && (kind === 'pending' || n % 4 === 0) && { timeoutMs }),
    }
  }
}

t.test('every run agrees with the model, sums to nothing and passes no flag', t => {
  const seen = { taken: 0, refused: 0, expired: 0 }
  fc.assert(
    fc.property(steps, run => {
      const [ledger, model, maker] = [new MemoryLedger(), new Model(), new Maker()]
      ledger.open(names.map(name => key(name, flags[name], currencyOf(name))))
      for (const [now, step] of run.entries()) {
        if (step === 'expire') {
          const expired = ledger.expire(now)
          seen.expired += expired
          if (expired !== model.expire(now)) throw new Error('other transfers were over')
        } else {
          const group = 'again' in step ? maker.again(step.again) : maker.group(step)
          const outcome = ledger.record(group, now)
          if (outcome.ok !== model.try(group, now))
            throw new Error(`the model decides otherwise: ${outcome.ok ? 'ok' : outcome.refusal}`)
          if (outcome.ok) seen.taken++
          else seen.refused++
        }
        for (const name of names) {
          const [debitsPosted, creditsPosted] = [
            model.total('from', name, false),
            model.total('to', name, false),
          ]
          const expected = [
            model.total('from', name, true) - debitsPosted,
            debitsPosted,
            model.total('to', name, true) - creditsPosted,
            creditsPosted,
          ]
          const found = sumsOf(ledger.account(name)!)
          if (found.join() !== expected.join())
            throw new Error(`${name}: ${found.join()} instead of ${expected.join()}`)
        }
        for (const currency of ['USD', 'JPY']) {
          const all = [...ledger.accounts.values()].filter(one => one.currency === currency)
          const balance = all.reduce((sum, one) => sum + one.creditsPosted - one.debitsPosted, 0n)
          if (balance !== 0n) throw new Error(`${currency} sums to ${balance}`)
        }
        const [p, c] = [ledger.account('p')!, ledger.account('c')!]
        if (p.debitsPending + p.debitsPosted > p.creditsPosted) throw new Error('p is overdrawn')
        if (c.creditsPending + c.creditsPosted > c.debitsPosted) throw new Error('c is overdrawn')
      }
    }),
    { numRuns: 200 },
  )
  t.ok(Math.min(seen.taken, seen.refused) > 1_000 && seen.expired > 100, JSON.stringify(seen))
  t.end()
})
