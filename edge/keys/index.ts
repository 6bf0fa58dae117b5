/** Encryption at rest: the key of the deployment, and the keys of people and of their files. */
import { feature } from '../kernel/feature.ts'
import { every } from '../kernel/job.ts'
import { readKeysConfig } from './config.ts'
import { Vault, type WithVault } from './vault.ts'

export const keys = feature<WithVault>()({
  name: 'keys',
  config: readKeysConfig,
  services: kernel => ({ vault: new Vault(kernel) }),
  prepare: ({ vault }) => vault.open(),
  jobs: {
    rewrap: every(
      1,
      'Wraps keys anew after a change of ENCRYPTION_KEY',
      ({ vault }: WithVault, run) => vault.rewrap(run),
    ),
  },
})
