/**
 * The custody of an order as one HTML page for people, on the screen and on paper. It needs no
 * script and no other file, so it can be kept, and its policy allows nothing but its own style.
 */
import { createHash } from 'node:crypto'
import { parseCheckpoint } from '../../protocol/custody-log/checkpoints.ts'
import type { OrderEntry } from './steps.ts'
import type { EntryRow } from './timeline.ts'

const style = `
body { font: 14px/1.5 system-ui, sans-serif; color: #111; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h1 { font-size: 1.4rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #bbb; padding: .4rem .6rem; text-align: left; vertical-align: top }
code { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; border: 1px solid #bbb; padding: .6rem }
@media print {
  @page { margin: 15mm }
  body { font-size: 10pt; margin: 0; max-width: none; padding: 0 }
  thead { display: table-header-group }
  tr, pre { break-inside: avoid }
}
`
const styleHash = createHash('sha256').update(style).digest('base64')
const rules = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`
/** Only a header can say the last two. */
export const pagePolicy = `${rules}; frame-ancestors 'none'; sandbox`

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const text = (value: unknown): string => String(value).replaceAll(/[&<>"']/g, one => entities[one]!)

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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${text(rules)}">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>Custody of ${text(of.orderNumber)}</title>
<style>${style}</style>
</head>
<body>
<h1>Custody of order ${text(of.orderNumber)}</h1>
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
<pre>${text(of.note)}</pre>
</body>
</html>
`
}
