/**
 * The fee of an order: the quote or the tariff's fee that the customer was told. A pharmacy's own
 * quote can lower such a fee and never raise it.
 */
import t from 'tap'
import type { FeeTerms } from '../../protocol/dispatch/order-commands.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { OrderCommand } from './commands.ts'
import { decide } from './decide.ts'
import { after, customer, give, happened, id, reached, pharmacyIds } from './fixtures.ts'

t.test('a customer never pays more than they were told', async t => {
  const terms = (fee_minor: number, vendor_id: string | null = null): FeeTerms => ({
    quote_id: id(0xe1),
    vendor_id,
    fee_minor,
    distance_km: 7,
  })
  const feeOf = (given: readonly OrderEvent[], command: OrderCommand) => {
    const order = after(given)
    const decision = decide(order, command, 0)
    if (!decision.ok) return decision.code
    const [event] = decision.events
    return event?.type === 'order_placed'
      ? event.data.fee
      : event?.type === 'order_accepted'
        ? [event.data.fee_minor, event.data.distance_km]
        : null
  }
  const placedAt = (fee: FeeTerms | undefined): OrderEvent[] => {
    const decision = decide(after([]), give.create(customer, fee ? { fee } : {}), 0)
    return decision.ok ? [...decision.events] : []
  }
  const openedAt = (fee: FeeTerms): OrderEvent[] => [
    { ...happened.opened, data: { ...happened.opened.data, fee } },
  ]
  const quoting = (command: OrderCommand, fee: FeeTerms) =>
    ({ ...command, data: { ...('data' in command ? command.data : {}), fee } }) as OrderCommand

  t.match(
    feeOf([], give.create(customer, { distance_km: 12 })),
    { quote_id: null, vendor_id: pharmacyIds[0], fee_minor: 1450, distance_km: 12 },
    "the tariff's fee for the kilometres of a router",
  )
  t.same(feeOf([], give.create(customer, { fee: terms(99) })), terms(99), 'a quote is honoured')
  t.match(
    feeOf([], give.create(customer, { fee: terms(99, pharmacyIds[1]), distance_km: 1 })),
    { quote_id: null, fee_minor: 300 },
    'a quote of another pharmacy does not count',
  )
  t.same(feeOf(placedAt(terms(410)), give.accept()), [410, 7])
  t.same(
    feeOf(placedAt(terms(410)), quoting(give.accept(), terms(500))),
    [410, 7],
    'a pharmacy never takes more than the customer was told',
  )
  t.same(feeOf(placedAt(terms(410)), quoting(give.accept(), terms(400))), [400, 7])
  t.same(feeOf(reached.pending, give.accept()), [300, 1], 'an order of a release that told no fee')
  t.same(
    feeOf(openedAt(terms(777)), give.respond('ACCEPTED', 1)),
    [777, 7],
    "the customer's quote for a request",
  )
  t.same(
    feeOf(openedAt(terms(777, pharmacyIds[0])), give.respond('ACCEPTED', 1)),
    [320, 2.6],
    'a quote of another pharmacy does not count for a request',
  )
  t.same(
    feeOf(openedAt(terms(777)), quoting(give.respond('ACCEPTED', 1), terms(999))),
    [777, 7],
    "the customer's quote counts before the pharmacy's",
  )
  t.same(
    feeOf(reached.broadcast, quoting(give.respond('ACCEPTED', 1), terms(999))),
    [999, 7],
    "the pharmacy's quote counts where the customer has none",
  )
})
