/** The custody of an order as one HTML page for people, on the screen and on paper. */
import { parseCheckpoint } from '../../protocol/custody-log/checkpoints.ts'
import { paperPage, text } from '../kernel/paper.ts'
import type { OrderEntry } from './steps.ts'
import type { EntryRow } from './timeline.ts'

const roles = { vendor: 'pharmacy', driver: 'driver', customer: 'customer' } as const
const steps: Readonly<Record<OrderEntry['kind'], string>> = {
  accepted: 'Accepted by the pharmacy',
  driver_assigned: 'Driver assigned',
  driver_unassigned: 'Driver taken off',
  arrived_at_pickup: 'Driver at the pharmacy',
  picked_up: 'Picked up',
  out_for_delivery: 'On its way',
  arrived_at_dropoff: 'Driver at the door',
  delivered: 'Handed over',
  delivery_failed: 'Could not be handed over',
  return_started: 'Going back',
  returned: 'Back at the pharmacy',
  cancelled: 'Cancelled',
  packed: 'Packed and sealed',
  scanned: 'Package scanned',
  agent_named: 'Agent named',
  code_refused: 'Wrong code',
  chain_broken: 'Chain broken',
  chain_mended: 'Break decided',
}

const columns = ['No.', 'Time', 'Step', 'By', 'Who has it then', 'Place and proofs']

const person = (role: string, id: string | null): string =>
  `${text(role === 'vendor' ? roles.vendor : role)}${id === null ? '' : `<br><code>${text(id)}</code>`}`

function whereabouts(place: NonNullable<OrderEntry['place']>): string {
  const { latitude, longitude, source, at } = place
  const of = source === 'vendor' ? 'address of the pharmacy' : `phone of the driver at ${text(at)}`
  return `${latitude}, ${longitude} (${of})`
}

const shown = (value: unknown): unknown =>
  typeof value === 'object' ? JSON.stringify(value) : value

function line({ number, leaf, entry }: EntryRow): string {
  if (entry === null)
    return `<tr><td>${number}</td>
<td colspan="5">Erased. The log still proves that it was there, as leaf ${leaf}.</td></tr>`
  const { kind, at, by, custodian_after: after, place, proofs, facts } = entry
  const notes = [
    ...(place === null ? [] : [whereabouts(place)]),
    ...Object.entries(facts).flatMap(([name, value]) =>
      value === null ? [] : [`${text(name)}: ${text(shown(value))}`],
    ),
    ...proofs.map(
      ({ kind: proof, sha256 }) =>
        `${proof}: ${sha256 === null ? 'the file could not be read' : `SHA-256 <code>${text(sha256)}</code>`}`,
    ),
  ]
  const cells = [
    number,
    text(at),
    text(steps[kind]),
    by === null ? '' : person(by.role, by.id),
    person(roles[after.role], after.id),
    notes.join('<br>'),
  ]
  return `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
}

/** The page. `note`: the checkpoint that covers the entries. */
export function custodyPage(of: {
  orderNumber: string
  orderId: string
  rows: readonly EntryRow[]
  note: string
  logKey: string
}): string {
  const { size } = parseCheckpoint(of.note)
  return paperPage(
    `Custody of ${of.orderNumber}`,
    `<h1>Custody of order ${text(of.orderNumber)}</h1>
<p>Order <code>${text(of.orderId)}</code>. Times are UTC. Exactly one person has the parcel at any time.</p>
<table>
<thead><tr>${columns.map(name => `<th scope="col">${name}</th>`).join('')}</tr></thead>
<tbody>
${of.rows.map(line).join('\n')}
</tbody>
</table>
<h2>Proof</h2>
<p>This page proves nothing by itself. The file that
<code>GET /api/orders/${text(of.orderId)}/custody/export</code> answers does:
<code>caduceus-verify FILE</code> checks it without a network. The steps are in the log of ${size}
entries that this checkpoint closes, signed by <code>${text(of.logKey)}</code>.</p>
<pre>${text(of.note)}</pre>`,
  )
}
