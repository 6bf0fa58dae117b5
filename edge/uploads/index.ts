/** Files: photos, signatures, prescriptions and sounds, whole or in parts. */
import type { WithEndedAccess } from '../accounts/ended-access.ts'
import type { WithAudit } from '../audit/port.ts'
import { openStorages } from './storage/stores.ts'
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithStandings } from '../kernel/standing.ts'
import type { WithVault } from '../keys/vault.ts'
import { uploadRoutes } from './routes.ts'
import { access } from './callers.ts'
import { readUploadsConfig } from './config.ts'
import { encryptStored, type ConvertContext } from './convert.ts'
import { examples } from './examples.ts'
import { deleteOrphans, type OrphanContext } from './orphans.ts'
import { resumableRoutes } from './resumable-routes.ts'
import { deleteExpiredUploads } from './resumable-store.ts'

export const uploads = feature<Kernel & WithAudit & WithEndedAccess & WithStandings & WithVault>()({
  name: 'uploads',
  config: readUploadsConfig,
  services: ({ config, log, nowMs, after }) => ({
    storages: openStorages(config.stores, { nowMs, after, onLog: line => log.warn(line) }),
  }),
  routes: parts => [...uploadRoutes(parts), ...resumableRoutes(parts)],
  prepare: ({ storages }) => storages.current.check(),
  jobs: {
    delete_orphans: every(
      10,
      'Deletes files that no order names',
      async (parts: OrphanContext) => ({
        deleted: await deleteOrphans(parts),
      }),
    ),
    delete_unfinished: every(10, 'Deletes unfinished uploads', async (parts: Kernel) => ({
      deleted: await deleteExpiredUploads(parts),
    })),
    encrypt_stored: every(
      1,
      'Encrypts files that were stored before there was a key',
      (parts: ConvertContext, run) => encryptStored(parts, run),
    ),
  },
  tags: { uploads: 'Photos, signatures, prescriptions, sounds' },
  access,
  examples,
  answers: 'edge/uploads/answers.json',
})
