/**
 * Finds the decision record that explains a goal which this machine does not reach. It is found by
 * name, because numbers are given in the order of writing. The record says what takes the time and
 * what would have to change. The terminal, the report and the README link to it.
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../../protocol/kernel/assets.ts'

const folder = 'engine/adr/'

/**
 * For a goal: `{ ratio: 0.8, ...decision('what-a-frame-costs') }`. Empty while the record does not
 * exist.
 */
export function decision(name: string): { why?: string } {
  const file = readdirSync(fileURLToPath(assetUrl(folder))).find(
    one => /^\d{4}-/.test(one) && one.slice('0000-'.length) === `${name}.md`,
  )
  return file === undefined ? {} : { why: folder + file }
}
