/** Files: photos, signatures, prescriptions and sounds, whole or in parts. */
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import type { WithAudit } from '../audit/port.ts'
import { openStorages } from './storage/stores.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithStandings } from '../kernel/standing.ts'
import { uploadRoutes } from './routes.ts'
import { access } from './callers.ts'
import { readUploadsConfig } from './config.ts'
import { examples } from './examples.ts'
import { deleteOrphans } from './orphans.ts'
import { resumableRoutes } from './resumable-routes.ts'
import { deleteExpiredUploads } from './resumable-store.ts'

export const uploads = feature<Kernel & WithAudit & WithEndedAccess & WithStandings>()({
  name: 'uploads',
  config: readUploadsConfig,
  services: ({ config, log, nowMs, after }) => ({
    storages: openStorages(config.stores, { nowMs, after, onLog: line => log.warn(line) }),
  }),
  routes: parts => [...uploadRoutes(parts), ...resumableRoutes(parts)],
  prepare: ({ storages }) => storages.current.check(),
  async housekeeping(parts) {
    await deleteOrphans(parts)
    await deleteExpiredUploads(parts)
  },
  tags: { uploads: 'Photos, signatures, prescriptions, sounds' },
  access,
  examples,
  answers: 'edge/uploads/answers.json',
})
