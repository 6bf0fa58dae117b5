/** The stores of a configuration: new files go to S3 when it is configured, to the disk otherwise. */
import type { UploadsConfig } from './config.ts'
import { diskStorage } from './storage/disk.ts'
import { s3Storage, type S3Deps } from './storage/s3.ts'
import type { Storages } from './storage/storage.ts'

export function openStorages(
  config: Pick<UploadsConfig, 'uploadDir' | 's3'>,
  deps: S3Deps,
): Storages {
  const disk = diskStorage(config.uploadDir, deps)
  const s3 = config.s3 === null ? undefined : s3Storage(config.s3, deps)
  return { current: s3 ?? disk, of: name => (name === 'disk' ? disk : s3) }
}
