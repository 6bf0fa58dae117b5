/** One request for each operation of this feature. */
import type { Example } from '../kernel/example.ts'

export const examples: Readonly<Record<string, Example>> = {
  getSpeech: { as: 'customer', status: 200 },
  transcribe: {
    as: 'customer',
    query: { language: 'en' },
    files: { file: 'speech.ogg' },
    status: 200,
  },
}
