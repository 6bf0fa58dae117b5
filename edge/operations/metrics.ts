/** Counts commands that were given up. */
import { Gauge, type Registry } from 'prom-client'

export const operationsMetrics = (registry: Registry) => ({
  commandsParked: new Gauge({
    name: 'caduceus_commands_parked',
    help: 'Commands between actors that were given up; rows of parked_commands',
    registers: [registry],
  }),
})
export type OperationsMetrics = ReturnType<typeof operationsMetrics>
