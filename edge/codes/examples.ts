/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

export const examples: Readonly<Record<string, Example>> = {
  generateCode: { as: 'customer', body: { order_id: of.order }, status: 200 },
  showCode: {
    as: 'vendor',
    params: { key: 'shelf 4, box 12' },
    query: { symbology: 'data_matrix', format: 'png' },
    status: 200,
  },
  scanCodes: { as: 'vendor', files: { file: 'label.png' }, status: 200 },
}
