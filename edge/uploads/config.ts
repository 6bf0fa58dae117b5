/** Configuration of uploaded files: their store and their largest size. */
import { resolve } from 'node:path'
import {
  integerVariable,
  textVariable,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import { fileLimits } from './storage/file-limits.ts'
import { readScanner, type Scanner } from './scan.ts'
import { configuredStores, type ConfiguredStore } from './storage/stores.ts'
import type { KernelConfig } from '../kernel/config.ts'

export interface UploadsConfig {
  uploadDir: string
  uploadBytesMax: number
  /** New uploads go to the first store; the others may hold older ones. */
  stores: readonly ConfiguredStore[]
  scanner: Scanner
}

/** Reads UPLOAD_DIR, MAX_UPLOAD_SIZE_MB, CLAMD_SOCKET and the variables of each store. Throws ConfigError. */
export function readUploadsConfig(
  environment: Environment,
  { dataDir }: Pick<KernelConfig, 'dataDir'>,
): UploadsConfig {
  const uploadDir = resolve(textVariable(environment, 'UPLOAD_DIR') ?? `${dataDir}/uploads`)
  return {
    uploadDir,
    uploadBytesMax:
      integerVariable(
        environment,
        'MAX_UPLOAD_SIZE_MB',
        fileLimits.uploadMegabytesDefault,
        1,
        100,
      ) *
      1024 *
      1024,
    stores: configuredStores(environment, uploadDir),
    scanner: readScanner(environment),
  }
}
