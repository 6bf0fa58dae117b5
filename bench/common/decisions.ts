/**
 * The decision record that explains a goal which this machine does not reach, found by its number: what
 * the time goes to and what would have to change stands there, and the terminal, the report and the README link to it.
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../../protocol/assets.ts'

const folder = 'engine/adr/'

/** For a goal: `{ ratio: 0.8, ...decision(14) }`; nothing while there is none of that number. */
export function decision(number: number): { why?: string } {
  const name = readdirSync(fileURLToPath(assetUrl(folder))).find(file => file.startsWith(`${String(number).padStart(4, '0')}-`))
  return name === undefined ? {} : { why: folder + name }
}
