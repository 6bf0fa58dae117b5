/** Writes codes as pictures, in a thread of its own. */
import type { Clock } from '../kernel/kernel.ts'
import { invalid } from '../kernel/validate.ts'
import { codeLimits } from './limits.ts'
import { JobThread, type ThreadBounds } from './thread.ts'

export const writtenSymbologies = ['qr_code', 'data_matrix'] as const
export const pictureFormats = ['png', 'svg'] as const

export interface WritingJob {
  text: string
  symbology: (typeof writtenSymbologies)[number]
  format: (typeof pictureFormats)[number]
}

const bytesMax: Readonly<Record<WritingJob['symbology'], number>> = {
  qr_code: codeLimits.qrBytesMax,
  data_matrix: codeLimits.dataMatrixBytesMax,
}

export class CodeWriter extends JobThread<WritingJob, Uint8Array> {
  constructor(clock: Pick<Clock, 'after'>, bounds: ThreadBounds = codeLimits.writing) {
    super(clock, new URL('./writing-worker.js', import.meta.url), bounds)
  }

  /**
   * The bytes of the picture. `field` is the caller's name for the text. Throws `invalid_request`
   * for a text that is too long, and `overloaded`.
   */
  async write(accountId: string, job: WritingJob, field: string): Promise<Uint8Array> {
    const most = bytesMax[job.symbology]
    if (Buffer.byteLength(job.text) > most)
      throw invalid([
        { field, rule: `must have at most ${most} bytes in UTF-8 for a ${job.symbology}` },
      ])
    return this.run(accountId, job)
  }
}
