/**
 * The kinds of store, one line each. New files go to the first configured store; older files may be
 * in any of them.
 */
import type { Environment } from '../../../protocol/kernel/environment.ts'
import { diskStore } from './disk.ts'
import { s3Store } from './s3.ts'
import type { Storage, StorageDeps, Storages, StoreKind } from './storage.ts'

/** The disk is last, because it is always configured. */
const storeKinds: readonly StoreKind[] = [s3Store, diskStore]

export interface ConfiguredStore {
  readonly name: string
  open(deps: StorageDeps): Storage
}

/** The stores that the environment names. Throws ConfigError. */
export function configuredStores(environment: Environment, uploadDir: string): ConfiguredStore[] {
  return storeKinds.flatMap(({ name, configure }) => {
    const open = configure(environment, uploadDir)
    return open === null ? [] : [{ name, open }]
  })
}

/** Opens the stores of a configuration, which has at least one. */
export function openStorages(stores: readonly ConfiguredStore[], deps: StorageDeps): Storages {
  const opened = new Map(stores.map(store => [store.name, store.open(deps)]))
  const [current] = opened.values()
  return { current: current!, of: name => opened.get(name) }
}
