/** The payment's state machine: each step, each refusal, and the transfers of each fact. */
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { MemoryLedger } from '../ledger/fixture-ledgers.ts'
import { accountOf } from '../ledger/chart.ts'
import { bookingsOf } from './bookings.ts'
import {
  decide,
  dueMinor,
  evolve,
  statusOf,
  type Parts,
  type Payment,
  type PaymentCommand,
  type PaymentFact,
} from './payment.ts'

const open: PaymentCommand = { do: 'open', method: 'cash', currency: 'USD', tipMinor: 100 }
const price: PaymentCommand = {
  do: 'price',
  goodsMinor: 1_000,
  taxMinor: 50,
  feeMinor: 300,
  pharmacyId: 'p',
}
const capture: PaymentCommand = { do: 'capture', takenMinor: 1_450, reason: null, driverId: 'd' }
/** Gives back the amount from the goods first, then from the fee, the tip and the tax. */
function partsOf(amountMinor: number): Parts {
  let rest = amountMinor
  const take = (max: number): number => {
    const part = Math.min(rest, max)
    rest -= part
    return part
  }
  const [goodsMinor, feeMinor, tipMinor] = [take(1_000), take(300), take(100)]
  return { goodsMinor, feeMinor, tipMinor, taxMinor: rest }
}
const refund = (refundId: string, amountMinor: number, by = 'a'): PaymentCommand => ({
  do: 'propose_refund',
  refundId,
  parts: partsOf(amountMinor),
  reason: 'why',
  by,
})
const verdict = (refundId: string, isApproved: boolean, by = 'b'): PaymentCommand => ({
  do: 'decide_refund',
  refundId,
  isApproved,
  by,
})

/** Tells the commands one after the other; the last one's facts or refusal are the result. */
function after(...commands: PaymentCommand[]) {
  let payment: Payment | null = null
  let last: readonly string[] | string = []
  for (const command of commands) {
    const decision = decide(payment, command)
    if (!decision.ok) last = decision.refusal
    else {
      last = decision.facts.map(fact => fact.type)
      for (const fact of decision.facts) payment = evolve(payment, fact)
    }
  }
  return { payment: payment as Payment | null, last, status: payment && statusOf(payment) }
}
const paid = [open, price, capture] as const

for (const [name, commands, last, status] of [
  ['opens', [open], ['opened'], 'none'],
  ['opens once', [open, open], [], 'none'],
  ['is priced once', [open, price, { ...price, goodsMinor: 5 }], [], 'none'],
  ['is captured', paid, ['captured'], 'captured'],
  ['is captured once', [...paid, { ...capture, takenMinor: 1 }], [], 'captured'],
  ['is not captured before a price', [open, capture], 'payment_state_conflict', 'none'],
  ['closes', [open, { do: 'close' }], ['closed'], 'none'],
  ['closes once', [open, { do: 'close' }, { do: 'close' }], [], 'none'],
  [
    'is not captured when closed',
    [open, price, { do: 'close' }, capture],
    'payment_state_conflict',
    'none',
  ],
  ['does not close when paid', [...paid, { do: 'close' }], [], 'captured'],
  ['needs a way to pay', [price], 'payment_state_conflict', null],
  ['takes no fraction', [open, { ...price, goodsMinor: 0.5 }], 'amount_not_whole', 'none'],
  ['takes no negative tip', [{ ...open, tipMinor: -1 }], 'amount_not_whole', null],
  [
    'takes no negative cash',
    [open, price, { ...capture, takenMinor: -1 }],
    'amount_not_whole',
    'none',
  ],
  [
    'refunds after approval',
    [...paid, refund('r', 50), verdict('r', true)],
    ['refund_approved', 'refund_paid'],
    'partly_refunded',
  ],
  [
    'refunds all',
    [...paid, refund('r', 1_450), verdict('r', true)],
    ['refund_approved', 'refund_paid'],
    'refunded',
  ],
  [
    'refunds nothing when refused',
    [...paid, refund('r', 50), verdict('r', false)],
    ['refund_refused'],
    'captured',
  ],
  [
    'hears a decision twice',
    [...paid, refund('r', 50), verdict('r', true), verdict('r', true)],
    [],
    'partly_refunded',
  ],
  [
    'keeps a decision',
    [...paid, refund('r', 50), verdict('r', true), verdict('r', false)],
    'payment_state_conflict',
    'partly_refunded',
  ],
  [
    'needs a second person',
    [...paid, refund('r', 50), verdict('r', true, 'a')],
    'second_person_required',
    'captured',
  ],
  [
    'lets the first person take it back',
    [...paid, refund('r', 50), verdict('r', false, 'a')],
    ['refund_refused'],
    'captured',
  ],
  [
    'gives back at most what was paid',
    [...paid, refund('r', 1_451)],
    'refund_exceeds_payment',
    'captured',
  ],
  [
    'gives back at most what was paid for a part',
    [...paid, { ...refund('r', 1), parts: { ...partsOf(0), tipMinor: 101 } }],
    'refund_exceeds_payment',
    'captured',
  ],
  [
    'gives back at most what was taken',
    [open, price, { ...capture, takenMinor: 900 }, refund('r', 901)],
    'refund_exceeds_payment',
    'captured',
  ],
  [
    'counts what is only proposed',
    [...paid, refund('r', 1_400), refund('s', 51)],
    'refund_exceeds_payment',
    'captured',
  ],
  [
    'does not count what was refused',
    [...paid, refund('r', 1_400), verdict('r', false), refund('s', 1_450)],
    ['refund_proposed'],
    'captured',
  ],
  ['refunds no unpaid order', [open, price, refund('r', 1)], 'payment_state_conflict', 'none'],
  ['refunds not nothing', [...paid, refund('r', 0)], 'amount_not_whole', 'captured'],
  ['proposes once', [...paid, refund('r', 1), refund('r', 2)], [], 'captured'],
  ['knows no other refund', [...paid, verdict('x', true)], 'refund_not_found', 'captured'],
] as const)
  t.test(`a payment ${name}`, async t => {
    const outcome = after(...(commands as readonly PaymentCommand[]))
    t.same(outcome.last, last)
    t.equal(outcome.status, status)
  })

const minor = fc.integer({ min: 0, max: 5_000 })
t.test('what is given back comes from who got it', async t => {
  const ledger = new MemoryLedger()
  const key = { p: 'pharmacy_payable', t: 'pharmacy_tax', d: 'driver_payable' } as const
  let payment: Payment | null = null
  for (const command of [...paid, refund('r', 1_450), verdict('r', true)]) {
    const decision = decide(payment, command)
    for (const fact of decision.ok ? decision.facts : []) {
      payment = evolve(payment, fact)
      for (const { opens = [], transfers } of bookingsOf('o', payment, fact)) {
        ledger.open(opens)
        t.ok(ledger.record(transfers, 0).ok)
      }
    }
  }
  const balance = (code: Parameters<typeof accountOf>[0], owner: string | null): number => {
    const { creditsPosted, debitsPosted } = ledger.account(accountOf(code, owner, 'USD').id)!
    return Number(creditsPosted - debitsPosted)
  }
  t.same([balance(key.p, 'p'), balance(key.t, 'p'), balance(key.d, 'd')], [0, 0, 0])
  t.equal(balance('platform_revenue', null), -300, 'the driver keeps the fee of a delivery')
  t.equal(balance('driver_cash', 'd'), -1_450)
})

t.test('whatever was stated and taken, the account of the order closes at nothing', t => {
  fc.assert(
    fc.property(minor, minor, minor, minor, minor, (tip, goods, tax, fee, taken) => {
      const ledger = new MemoryLedger()
      let payment: Payment | null = null
      const tell = (command: PaymentCommand): void => {
        const decision = decide(payment, command)
        const facts: readonly PaymentFact[] = decision.ok ? decision.facts : []
        for (const fact of facts) {
          payment = evolve(payment, fact)
          for (const { opens = [], transfers } of bookingsOf('o', payment, fact)) {
            ledger.open(opens)
            if (transfers.length > 0 && !ledger.record(transfers, 0).ok) throw new Error('refused')
          }
        }
      }
      tell({ do: 'open', method: 'cash', currency: 'USD', tipMinor: tip })
      tell({ do: 'price', goodsMinor: goods, taxMinor: tax, feeMinor: fee, pharmacyId: 'p' })
      tell({ do: 'capture', takenMinor: taken, reason: 'x', driverId: 'd' })
      const balance = (code: Parameters<typeof accountOf>[0], owner: string | null): number => {
        const account = ledger.account(accountOf(code, owner, 'USD').id)
        return account === undefined ? 0 : Number(account.creditsPosted - account.debitsPosted)
      }
      const due = dueMinor(payment!)!
      const found = [
        balance('order_clearing', 'o'),
        balance('driver_cash', 'd'),
        balance('pharmacy_payable', 'p'),
        balance('pharmacy_tax', 'p'),
        balance('driver_payable', 'd'),
        balance('world', null),
        balance('cash_difference', 'd'),
      ]
      if (found.join() !== [0, -taken, goods, tax, tip, fee, taken - due].join())
        throw new Error(found.join())
    }),
    { numRuns: 300 },
  )
  t.end()
})
