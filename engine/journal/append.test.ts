/** The statement of an append writes the tables of its group, and no other table. */
import t from 'tap'
import type { DriverView } from '../../protocol/drivers/view.ts'
import { kinds } from '../kinds.ts'
import { appendPlan } from './append.ts'
import { ArrayWriter } from './arrays.ts'
import { orderAppend, testId, testOrderRow, testOrderView } from './contract/rows.ts'
import type { AppendRequest } from './journal.ts'
import type { NumberedAppend } from './rows.ts'

const order = (isNew: boolean): AppendRequest => {
  const [id, version] = [testId(), isNew ? 0 : 3]
  return orderAppend(1, 1, id, version, {
    row: { order: testOrderRow(testOrderView(id, version + 1), isNew) },
  })
}
const driver = (): AppendRequest => {
  const id = testId()
  const row: DriverView = {
    id,
    vendor_id: testId(),
    membership: 'active',
    full_name: 'Dora Driver',
    phone: '+1 555 0100',
    vehicle_type: 'bike',
    status: 'available',
    capacity: 1,
    active_order_ids: [],
    offer: null,
    total_deliveries: 0,
    total_earnings: 0,
    currency: 'USD',
    version: 1,
  }
  return orderAppend(1, 1, id, 0, { kind: 'driver', row })
}
const numbered = (requests: readonly AppendRequest[]): NumberedAppend[] =>
  requests.map((request, i) => ({ request, firstSeq: i + 1 }))

const writtenBy = (text: string): string[] =>
  [...text.matchAll(/insert into (\w+)/g)].map(([, table]) => table!)

t.test('a statement writes the tables of its group only, and has a value for each number', t => {
  const plan = appendPlan(kinds)
  const names = new Set<string>()
  for (const [name, group, tables] of [
    ['a step of an order', [order(false)], ['orders']],
    ['a new order', [order(true)], ['orders', 'order_words']],
    ['a new order beside a step', [order(false), order(true)], ['orders', 'order_words']],
    ['a driver', [driver()], ['drivers']],
    ['a driver beside a step', [driver(), order(false)], ['orders', 'drivers']],
    ['all', [driver(), order(true)], ['orders', 'order_words', 'drivers']],
  ] as const) {
    const { name: statement, text, values } = plan.query(new ArrayWriter(), numbered(group))
    t.same(writtenBy(text), ['events', ...tables], name)
    const numbers = new Set([...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
    t.equal(numbers.size, values.length, `${name}: each value is used`)
    t.equal(Math.max(...numbers), values.length, `${name}: no number is without a value`)
    t.same(
      plan.placesOf(statement)?.map(place => place.table.name),
      tables,
    )
    names.add(statement)
  }
  t.equal(names.size, 5, 'each set of tables has a statement of its own, prepared once')
  t.equal(plan.placesOf('find_written'), undefined, 'another statement is no append')
  t.end()
})

t.test('a kind that is not in the list is refused', t => {
  const stranger = { ...order(true), kind: 'stranger' }
  t.throws(() => appendPlan(kinds).query(new ArrayWriter(), numbered([stranger])), {
    message: 'the journal knows no kind stranger',
  })
  t.end()
})
