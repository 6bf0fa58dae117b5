/** Photos: HEIC shown as JPEG. */
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Photos } from './photos.ts'

export const photos = feature<Kernel>()({
  name: 'photos',
  services: kernel => ({ photos: new Photos(kernel) }),
  close: parts => parts.photos.close(),
})
