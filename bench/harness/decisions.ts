/**
 * The decision record that explains a goal which this machine does not reach, found by its name, because
 * numbers are given in the order of writing. What the time goes to and what would have to change stands
 * there; the terminal, the report and the README link to it.
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../../protocol/kernel/assets.ts'

const folder = 'engine/adr/'

/** For a goal: `{ ratio: 0.8, ...decision('what-a-frame-costs') }`; nothing while nobody has written it. */
export function decision(name: string): { why?: string } {
  const file = readdirSync(fileURLToPath(assetUrl(folder))).find(
    one => /^\d{4}-/.test(one) && one.slice('0000-'.length) === `${name}.md`,
  )
  return file === undefined ? {} : { why: folder + file }
}
