/** What may be uploaded as what. */
import { fileLimits } from './storage/file-limits.ts'
import type { MediaFamily } from './media.ts'

/** How large it may be, in bytes; the configured maximum holds for all. */
export const uploadKinds = {
  proof: { families: ['image'], bytesMax: Number.POSITIVE_INFINITY },
  signature: { families: ['image'], bytesMax: fileLimits.signatureBytesMax },
  prescription: { families: ['image', 'document'], bytesMax: Number.POSITIVE_INFINITY },
  audio: { families: ['sound'], bytesMax: fileLimits.audioBytesMax },
} as const satisfies Record<string, { families: readonly MediaFamily[]; bytesMax: number }>
export type UploadKind = keyof typeof uploadKinds
