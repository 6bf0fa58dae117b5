/**
 * Orders in snapshots of releases that knew one currency stay in that currency, whatever currency
 * the deployment has today.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { firstCurrency } from '../../protocol/pricing/money.ts'
import { decodeSnapshot } from '../actors/snapshot.ts'
import { orderKind } from './kind.ts'
import type { Order } from './state.ts'
import { row } from './row.ts'
import { view, type Living } from './view.ts'

interface Golden {
  kind: string
  actorId: string
  bytes: string
}
const goldens = JSON.parse(
  readFileSync(assetUrl('engine/actors/golden/head-2.json'), 'utf8'),
) as Record<string, Golden>

t.test('an order in a snapshot without a currency is in the first currency', async t => {
  let fees = 0
  for (const [name, { kind, actorId, bytes }] of Object.entries(goldens)) {
    if (kind !== 'order') continue
    const { state } = decodeSnapshot(actorId, Buffer.from(bytes, 'base64'), orderKind)
    const order = state as Order
    if (order.kind === 'absent') continue
    t.notOk('currency' in order.core, `${name} was stored without one`)
    const living: Living = order
    const shown = view(living, 3, 0)
    t.equal(shown.currency, firstCurrency, name)
    t.equal(row(living, 3, 0, true).currency, firstCurrency, name)
    if (!('deal' in order) || order.deal === null) continue
    t.equal(shown.delivery_fee, order.deal.feeMinor / 100, `${name}: the fee has cents`)
    fees++
  }
  t.ok(fees > 0, `${fees} of the orders have a fee`)
})
