/** The state machine of a payment by card: objects of the processor in any order, and what is asked. */
import t from 'tap'
import fc from '../../protocol/testing/properties.ts'
import { MemoryLedger } from '../ledger/fixture-ledgers.ts'
import { accountOf } from '../ledger/chart.ts'
import { bookingsOf } from './bookings.ts'
import type { SeenPayment } from './card/processor.ts'
import { decide, evolve, statusOf, type Payment, type PaymentCommand } from './payment.ts'
import { requestsOf } from './requests.ts'

const open: PaymentCommand = { do: 'open', method: 'card', currency: 'USD', tipMinor: 100 }
const price: PaymentCommand = {
  do: 'price',
  goodsMinor: 1_000,
  taxMinor: 50,
  feeMinor: 300,
  pharmacyId: 'p',
}
const dueMinor = 1_450
const handOver: PaymentCommand = { do: 'capture', takenMinor: 0, reason: null, driverId: 'd' }
const close: PaymentCommand = { do: 'close' }
const see = (state: SeenPayment['state'], more: Partial<SeenPayment> = {}): PaymentCommand => ({
  do: 'see',
  seen: {
    id: 'pi',
    orderId: 'o',
    requestId: 'r',
    state,
    currency: 'USD',
    authorisedMinor: state === 'authorised' ? dueMinor : 0,
    capturedMinor: state === 'captured' ? dueMinor : 0,
    clientSecret: 's',
    declined: null,
    captureBefore: null,
    ...more,
  },
})
const runsOut = (n: number): PaymentCommand[] =>
  (['authorised', 'cancelled'] as const).map(state => see(state, { id: `pi${n}` }))
const refund: PaymentCommand = {
  do: 'propose_refund',
  refundId: 'r',
  parts: { goodsMinor: 200, taxMinor: 10, feeMinor: 0, tipMinor: 0 },
  reason: 'why',
  by: 'a',
}
const approve: PaymentCommand = { do: 'decide_refund', refundId: 'r', isApproved: true, by: 'b' }
const endRefund = (isPaid: boolean): PaymentCommand => ({ do: 'end_refund', refundId: 'r', isPaid })

/** Tells the commands one after the other, with a ledger in memory. */
function after(...commands: readonly PaymentCommand[]) {
  const ledger = new MemoryLedger()
  let payment: Payment | null = null
  let last: readonly string[] | string = []
  const asked: string[] = []
  for (const command of commands) {
    const decision = decide(payment, command)
    if (!decision.ok) {
      last = decision.refusal
      continue
    }
    last = decision.facts.map(fact => fact.type)
    for (const fact of decision.facts) {
      payment = evolve(payment, fact)
      asked.push(...requestsOf('o', payment, fact).map(one => one.kind))
      for (const { opens = [], transfers } of bookingsOf('o', payment, fact)) {
        ledger.open(opens)
        const outcome = transfers.length === 0 || ledger.record(transfers, 0)
        if (outcome !== true && !outcome.ok) throw new Error(outcome.refusal)
      }
    }
  }
  const balance = (code: Parameters<typeof accountOf>[0], owner: string | null): number => {
    const account = ledger.account(accountOf(code, owner, 'USD').id)
    return account === undefined ? 0 : Number(account.creditsPosted - account.debitsPosted)
  }
  return { payment, last, asked, balance, ledger, status: payment && statusOf(payment) }
}
const paid = [open, price, see('authorised'), handOver, see('captured')] as const

for (const [name, commands, last, status, asked] of [
  [
    'asks for the amount when it is priced',
    [open, price],
    ['priced'],
    'none',
    ['authorise', 'give_up'],
  ],
  [
    'waits for its customer',
    [open, price, see('open')],
    ['action_required'],
    'requires_action',
    ['watch'],
  ],
  ['is authorised', [open, price, see('authorised')], ['authorised'], 'authorised', ['watch']],
  ['is authorised once', [open, price, see('authorised'), see('authorised')], [], 'authorised', []],
  [
    'does not go back when an older object is read',
    [open, price, see('authorised'), see('open')],
    [],
    'authorised',
    [],
  ],
  [
    'is charged at the hand-over',
    [open, price, see('authorised'), handOver],
    ['handed_over'],
    'authorised',
    ['capture'],
  ],
  [
    'is charged when it is authorised after the hand-over',
    [open, price, handOver, see('authorised')],
    ['authorised'],
    'authorised',
    ['capture', 'watch'],
  ],
  ['is captured', paid, ['captured'], 'captured', []],
  ['is captured once', [...paid, see('captured')], [], 'captured', []],
  ['is not charged twice', [...paid, handOver], [], 'captured', []],
  [
    'is released when the order is called off',
    [open, price, see('authorised'), close],
    ['closed'],
    'none',
    ['release'],
  ],
  [
    'is released when the answer comes after the end',
    [open, price, close, see('authorised')],
    ['authorised'],
    'none',
    ['release', 'watch'],
  ],
  [
    'ends when it was released',
    [open, price, see('authorised'), close, see('cancelled')],
    ['released'],
    'none',
    [],
  ],
  [
    'is asked for again when it ran out',
    [open, price, see('authorised'), see('cancelled')],
    ['authorisation_lost'],
    'none',
    ['authorise', 'give_up'],
  ],
  [
    'is given up when it ran out too often',
    [open, price, ...[1, 2, 3, 4, 5].flatMap(runsOut)],
    ['authorisation_lost'],
    'none',
    ['give_up'],
  ],
  [
    'gives a second hold back',
    [open, price, see('authorised'), see('authorised', { id: 'pi2' })],
    ['authorisation_doubled'],
    'authorised',
    ['release'],
  ],
  [
    'leaves an object that somebody else has made',
    [open, price, see('authorised'), see('authorised', { id: 'pi2', requestId: null })],
    [],
    'authorised',
    [],
  ],
  [
    'does not take money of a second hold for its own',
    [open, price, see('authorised'), see('captured', { id: 'pi2' })],
    'payment_state_conflict',
    'authorised',
    [],
  ],
  [
    'is paid after the processor has refused it',
    [open, price, { do: 'refuse_authorisation', code: 'x' }, see('authorised')],
    ['authorised'],
    'authorised',
    ['watch'],
  ],
  [
    'does not hear of an object that is over',
    [open, price, see('authorised'), see('cancelled'), see('authorised')],
    [],
    'none',
    [],
  ],
  [
    'takes no object of another currency',
    [open, price, see('authorised', { currency: 'EUR' })],
    'payment_state_conflict',
    'none',
    [],
  ],
  [
    'takes no authorisation of another amount',
    [open, price, see('authorised', { authorisedMinor: dueMinor - 1 })],
    'payment_state_conflict',
    'none',
    [],
  ],
  [
    'is not captured before the hand-over',
    [open, price, see('authorised'), see('captured')],
    'payment_state_conflict',
    'authorised',
    [],
  ],
  [
    'has failed when the processor refuses it',
    [open, price, { do: 'refuse_authorisation', code: 'amount_too_small' }],
    ['authorisation_refused'],
    'failed',
    [],
  ],
  ['asks for a refund', [...paid, refund, approve], ['refund_approved'], 'captured', ['refund']],
  [
    'is partly refunded',
    [...paid, refund, approve, endRefund(true)],
    ['refund_paid'],
    'partly_refunded',
    [],
  ],
  [
    'hears the end of a refund once',
    [...paid, refund, approve, endRefund(true), endRefund(true)],
    [],
    'partly_refunded',
    [],
  ],
  [
    'lets a refund fail',
    [...paid, refund, approve, endRefund(false)],
    ['refund_failed'],
    'captured',
    [],
  ],
  [
    'does not take a refund for paid that has failed',
    [...paid, refund, approve, endRefund(false), endRefund(true)],
    'payment_state_conflict',
    'captured',
    [],
  ],
  [
    'lets a paid refund fail',
    [...paid, refund, approve, endRefund(true), endRefund(false)],
    ['refund_failed'],
    'captured',
    [],
  ],
] as const)
  t.test(`a payment by card ${name}`, async t => {
    const told = commands as readonly PaymentCommand[]
    const outcome = after(...told)
    t.same(outcome.last, last)
    t.equal(outcome.status, status)
    t.same(outcome.asked.slice(after(...told.slice(0, -1)).asked.length), asked)
  })

t.test('an order that costs nothing is paid without the processor', async t => {
  const free = { ...price, goodsMinor: 0, taxMinor: 0, feeMinor: 0 }
  const { asked, status, last } = after({ ...open, tipMinor: 0 }, free, handOver)
  t.same([asked, status, last], [[], 'captured', ['handed_over', 'captured']])
})

t.test('whatever the processor says, in any order, nothing stays on the order', t => {
  const commands = fc.constantFrom(
    see('open'),
    see('authorised'),
    see('captured'),
    see('cancelled'),
    see('open', { id: 'pi2' }),
    see('authorised', { id: 'pi2' }),
    see('captured', { id: 'pi2' }),
    see('cancelled', { id: 'pi2' }),
    handOver,
    close,
    refund,
    approve,
    endRefund(true),
    endRefund(false),
  )
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 25 }), told => {
      const { balance, payment } = after(open, price, ...told)
      const taken = payment!.taken?.takenMinor ?? 0
      const back = payment!.refunds.some(one => one.state === 'paid') ? 210 : 0
      const found = [
        balance('order_clearing', 'o'),
        balance('processor_clearing', null),
        balance('pharmacy_payable', 'p') + balance('pharmacy_tax', 'p'),
      ]
      const right = [0, back - taken, taken === 0 ? 0 : 1_050 - back]
      if (found.join() !== right.join()) throw new Error(`${found.join()} is not ${right.join()}`)
    }),
    { numRuns: 500 },
  )
  t.end()
})
