/** The kinds of uploads and the media that each accepts. */
import { fileLimits } from './storage/file-limits.ts'
import type { MediaFamily } from './media.ts'

/**
 * The media and the largest size in bytes of each kind; the configured maximum holds for all kinds.
 */
export const uploadKinds = {
  proof: { families: ['image'], bytesMax: Number.POSITIVE_INFINITY },
  signature: { families: ['image'], bytesMax: fileLimits.signatureBytesMax },
  prescription: { families: ['image', 'document'], bytesMax: Number.POSITIVE_INFINITY },
  picture: { families: ['image'], bytesMax: fileLimits.pictureBytesMax },
  document: {
    families: ['image', 'photo', 'document', 'writing'],
    bytesMax: Number.POSITIVE_INFINITY,
  },
  audio: { families: ['sound'], bytesMax: fileLimits.audioBytesMax },
} as const satisfies Record<string, { families: readonly MediaFamily[]; bytesMax: number }>
export type UploadKind = keyof typeof uploadKinds
