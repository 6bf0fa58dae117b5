/** Counts the positions of devices, by what became of them, because a phone never hears of it. */
import { Counter, type Registry } from 'prom-client'

export const devicesMetrics = (registry: Registry) => ({
  devicePositions: new Counter({
    name: 'caduceus_device_positions_total',
    help: 'Messages of drivers\u2019 devices, by protocol and by what became of them',
    labelNames: ['protocol', 'outcome'],
    registers: [registry],
  }),
  deviceSimulated: new Counter({
    name: 'caduceus_device_simulated_positions_total',
    help: 'Positions that were taken although the device says that an app made them',
    labelNames: ['protocol'],
    registers: [registry],
  }),
})
export type DevicesMetrics = ReturnType<typeof devicesMetrics>
