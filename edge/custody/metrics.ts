/** Counts the entries of the custody log. */
import { Counter, type Registry } from 'prom-client'

export const custodyMetrics = (registry: Registry) => ({
  custodyEntries: new Counter({
    name: 'caduceus_custody_entries_total',
    help: 'Entries that this edge appended to the custody log',
    registers: [registry],
  }),
})
export type CustodyMetrics = ReturnType<typeof custodyMetrics>
