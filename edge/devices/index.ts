/**
 * Devices: a driver may use an app from the store instead of ours. Its phone sends positions over
 * HTTP in the protocol of the app.
 */
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithStandings } from '../kernel/standing.ts'
import type { WithRates } from '../rate/rate-limits.ts'
import { access } from './callers.ts'
import { examples } from './examples.ts'
import { devicesMetrics } from './metrics.ts'
import { locationRoutes } from './locations.ts'
import { phoneRoutes } from './phone-routes.ts'
import { DeviceRecords } from './records.ts'
import { Replays } from './replays.ts'
import { DeviceRiver } from './river.ts'
import { deviceRoutes, DeviceView } from './routes.ts'

export const devices = feature<Kernel & WithStandings & WithRates>()({
  name: 'devices',
  metrics: devicesMetrics,
  services: kernel => ({ deviceRecords: new DeviceRecords(kernel) }),
  routes(parts) {
    const river = new DeviceRiver(parts)
    parts.hub.onDrain(() => river.close())
    const intake = { river, replays: new Replays(parts.nowMs), records: parts.deviceRecords }
    return [...deviceRoutes(parts), ...phoneRoutes(parts, intake), ...locationRoutes(parts, river)]
  },
  start: ({ deviceRecords }) => deviceRecords.start(),
  drain: ({ deviceRecords }) => deviceRecords.flush(),
  named: { Device: DeviceView },
  tags: { devices: 'Phones of drivers with apps from the store' },
  access,
  examples,
  answers: 'edge/devices/answers.json',
})
