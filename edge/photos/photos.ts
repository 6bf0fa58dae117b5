/**
 * Shows HEIC photos as JPEG, for those whose browsers cannot. The stored file stays as it is: its
 * digest is what a reviewer approves.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { JobThread } from '../codes/thread.ts'
import type { Clock } from '../kernel/kernel.ts'
import { readHeic } from '../uploads/formats/heic.ts'
import { photoLimits } from './limits.ts'

export type JpegAnswer = Uint8Array | 'damaged'

const damaged = (): CaduceusError =>
  new CaduceusError('invalid_request', 'this photo cannot be shown as JPEG; take it as it is')

export class Photos extends JobThread<Uint8Array, JpegAnswer> {
  constructor(clock: Pick<Clock, 'after'>) {
    super(clock, new URL('./jpeg-worker.js', import.meta.url), photoLimits.showing, damaged)
  }

  /**
   * The photo as a JPEG without metadata. `load` is called when the photo has its turn. Throws
   * `invalid_request` for one that is too large or cannot be read, `overloaded`, and the errors of
   * `load`.
   */
  async jpegOf(accountId: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const answer = await this.runLoaded(accountId, async () => {
      const heic = await load()
      const shape = readHeic(heic)
      if (shape === null || shape.width * shape.height > photoLimits.pixelsMax) throw damaged()
      return heic
    }).catch((error: unknown) => {
      // A photo that ended the thread is one that cannot be shown.
      throw error instanceof CaduceusError ? error : damaged()
    })
    if (answer !== 'damaged') return answer
    // A decoder that failed may have damaged its own memory.
    this.close()
    throw damaged()
  }
}

/** Parts with the photos. */
export interface WithPhotos {
  readonly photos: Photos
}
