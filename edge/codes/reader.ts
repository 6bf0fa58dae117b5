/** Reads codes from pictures, in a thread of its own. */
import type { Clock } from '../kernel/kernel.ts'
import { codeLimits } from './limits.ts'
import { admitPicture, damagedPicture, refusedPicture } from './pictures.ts'
import { JobThread, type ThreadBounds } from './thread.ts'

export const readSymbologies = ['qr_code', 'data_matrix', 'code_128'] as const

export interface FoundCode {
  /** May have control characters, such as the separator of GS1. */
  text: string
  symbology: (typeof readSymbologies)[number]
  /** After ISO/IEC 15424, such as `]Q1`. */
  symbology_identifier: string
  gs1: boolean
  /** The content in base64. */
  bytes: string
  /** In pixels, clockwise from the code's own top left. */
  corners: { x: number; y: number }[]
}

/** `damaged`: the decoder could not read the picture. */
export type ReadingAnswer = FoundCode[] | 'damaged'

export class CodeReader extends JobThread<Uint8Array, ReadingAnswer> {
  constructor(clock: Pick<Clock, 'after'>, bounds: ThreadBounds = codeLimits.reading) {
    super(clock, new URL('./reading-worker.js', import.meta.url), bounds, () =>
      refusedPicture('image_too_large', 'takes too long to read; send a smaller picture'),
    )
  }

  /**
   * The codes of a picture; none when there are none. Throws `unsupported_media_type`,
   * `file_malformed`, `image_too_large` (also for a picture that takes too long), and `overloaded`.
   */
  async read(accountId: string, picture: Uint8Array): Promise<FoundCode[]> {
    admitPicture(picture)
    const answer = await this.run(accountId, picture)
    if (answer !== 'damaged') return answer
    // A decoder that failed may have damaged its own memory.
    this.close()
    throw damagedPicture()
  }
}
