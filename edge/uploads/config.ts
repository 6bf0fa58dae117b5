/** Where uploaded files are kept, and how large one may be. */
import { resolve } from 'node:path'
import {
  ConfigError,
  integerVariable,
  isBaseUrl,
  textVariable,
  withoutSlashAtEnd,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import { fileLimits } from './storage/file-limits.ts'
import type { S3Config } from './storage/s3.ts'
import type { KernelConfig } from '../kernel/config.ts'

export interface UploadsConfig {
  uploadDir: string
  uploadBytesMax: number
  /** Where new uploads go instead of uploadDir; null: there. */
  s3: S3Config | null
}

/** UPLOAD_DIR, MAX_UPLOAD_SIZE_MB and the S3_ variables. Throws ConfigError. */
export function readUploadsConfig(
  environment: Environment,
  { dataDir }: Pick<KernelConfig, 'dataDir'>,
): UploadsConfig {
  const text = (name: string): string | null => textVariable(environment, name)
  return {
    uploadDir: resolve(text('UPLOAD_DIR') ?? `${dataDir}/uploads`),
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
    s3: s3Config(text),
  }
}

/** S3_REGION has a default, because only Amazon's own service looks at it. */
function s3Config(text: (name: string) => string | null): S3Config | null {
  const names = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const
  const [endpoint, bucket, accessKeyId, secretAccessKey] = names.map(text)
  if (!endpoint && !bucket && !accessKeyId && !secretAccessKey) {
    const stray = ['S3_REGION', 'S3_PUBLIC_URL'].find(name => text(name) !== null)
    if (stray !== undefined)
      throw new ConfigError(
        `${stray} is set and ${names.join(', ')} are not; set those too, or unset it`,
      )
    return null
  }
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey)
    throw new ConfigError(
      `${names.filter(name => text(name) === null).join(', ')} ${names.filter(name => text(name) === null).length === 1 ? 'is' : 'are'} not set; ${names.join(', ')} belong together`,
    )
  const url = (name: string, given: string): string => {
    if (!isBaseUrl(given))
      throw new ConfigError(`${name} is not a URL such as https://s3.example.org`)
    return withoutSlashAtEnd(given)
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new ConfigError(
      'S3_BUCKET is not the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens',
    )
  return {
    endpoint: url('S3_ENDPOINT', endpoint),
    publicUrl: url('S3_PUBLIC_URL', text('S3_PUBLIC_URL') ?? endpoint),
    bucket,
    accessKeyId,
    secretAccessKey,
    region: text('S3_REGION') ?? 'us-east-1',
  }
}
