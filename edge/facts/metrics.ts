/** Counts the facts about money that this edge has told. */
import { Counter, type Registry } from 'prom-client'

export const factsMetrics = (registry: Registry) => ({
  moneyFactsTold: new Counter({
    name: 'caduceus_money_facts_told_total',
    help: 'Facts about money that this edge has published on the bus, by type',
    labelNames: ['type'],
    registers: [registry],
  }),
})
export type FactsMetrics = ReturnType<typeof factsMetrics>
