/** Counts the transfers of the ledger, and what it refused. */
import { Counter, Gauge, type Registry } from 'prom-client'

export const ledgerMetrics = (registry: Registry) => ({
  ledgerTransfers: new Counter({
    name: 'caduceus_ledger_transfers_total',
    help: 'Transfers that followed from facts of the journal, by reason',
    labelNames: ['code'],
    registers: [registry],
  }),
  ledgerRefused: new Counter({
    name: 'caduceus_ledger_refused_total',
    help: 'Facts of the journal whose transfers broke a rule; alert on any',
    labelNames: ['refusal'],
    registers: [registry],
  }),
  ledgerFaults: new Gauge({
    name: 'caduceus_ledger_faults',
    help: 'Accounts and currencies whose sums the last check found wrong; alert on any',
    registers: [registry],
  }),
})
export type LedgerMetrics = ReturnType<typeof ledgerMetrics>
