/** What the medicine costs, for an order that names a way to pay. */
import { Field, Form } from '../base/form.tsx'
import { say } from '../texts/index.ts'

export interface Price {
  goods_amount: number
  tax_amount?: number
}

/** The form; it accepts the order at this price. */
export function PriceForm({ onPrice }: { onPrice(price: Price): Promise<void> }) {
  return (
    <Form
      class="price"
      submit={say('price.accept')}
      onSubmit={({ goods_amount, tax_amount = '' }) =>
        onPrice({
          goods_amount: Number(goods_amount),
          ...(tax_amount !== '' && { tax_amount: Number(tax_amount) }),
        })
      }
    >
      <p>{say('price.needed')}</p>
      <div class="pair">
        <Field
          label={say('price.goods')}
          name="goods_amount"
          type="number"
          min={0}
          step="any"
          required
        />
        <Field
          label={say('receipt.tax')}
          hint={say('field.optional')}
          name="tax_amount"
          type="number"
          min={0}
          step="any"
        />
      </div>
    </Form>
  )
}
