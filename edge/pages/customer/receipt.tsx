/** The receipt of an order: the parts of its price, and what was paid and given back. */
import { useState } from 'preact/hooks'
import type { RestClient } from '../../../protocol/client/index.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { dayAndTime, itemTexts, money } from '../base/format.ts'
import { usePayment, type Payment } from '../base/payment.ts'
import { say, type TextKey } from '../texts/index.ts'

interface ReceiptProps {
  api: RestClient
  view: OrderView
}

/** The receipt, which is read when it is opened. */
export function Receipt({ api, view }: ReceiptProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details class="receipt" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{say('receipt.title')}</summary>
      {isOpen ? <Lines api={api} view={view} /> : null}
    </details>
  )
}

function Lines({ api, view }: ReceiptProps) {
  const payment = usePayment(api, view.id)
  if (payment === undefined) return <p class="soft">{say('state.loading')}</p>
  const { order_number, vendor_name, ended_at, created_at, items, currency } = view
  return (
    <>
      <p class="small">
        {vendor_name} · {order_number} · {dayAndTime(ended_at ?? created_at)}
      </p>
      <p class="small">{itemTexts(items).join(', ')}</p>
      <table class="lines">
        <tbody>
          {linesOf(view, payment).map(([words, amount]) => (
            <tr key={words}>
              <th scope="row">{say(words)}</th>
              <td class="number">{money(amount, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {payment === null ? <p class="soft small">{say('receipt.no_payment')}</p> : null}
      <button type="button" class="quiet" onClick={() => print()}>
        {say('receipt.print')}
      </button>
    </>
  )
}

/** The lines that have an amount. */
function linesOf(view: OrderView, payment: Payment | null): [words: TextKey, amount: number][] {
  if (payment === null) return [['receipt.delivery', view.delivery_fee ?? 0]]
  const { goods_amount, tax_amount, delivery_fee, tip, due, taken, refunded } = payment
  const lines: [TextKey, number | null][] = [
    ['receipt.goods', goods_amount],
    ['receipt.tax', tax_amount],
    ['receipt.delivery', delivery_fee],
    ['receipt.tip', tip === 0 ? null : tip],
    ['receipt.total', due],
    ['receipt.paid', taken],
    ['receipt.refunded', refunded === 0 ? null : refunded],
  ]
  return lines.filter((line): line is [TextKey, number] => line[1] !== null)
}
