/**
 * Every property test uses the settings of properties.ts, which make lists as long as a test says.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../kernel/assets.ts'
import fc from './properties.ts'

t.test('the longest list of a property comes near to its stated maximum', async t => {
  const lengths = fc
    .sample(fc.array(fc.nat(), { maxLength: 300 }), { numRuns: 200, seed: 1 })
    .map(list => list.length)
  t.ok(Math.max(...lengths) > 250, `the longest of 200 lists has ${Math.max(...lengths)} elements`)
})

t.test('no other file imports fast-check, so every property has these settings', async t => {
  const root = fileURLToPath(assetUrl('.'))
  const others = ['protocol', 'engine', 'edge', 'bench', 'migrations']
    .flatMap(house =>
      readdirSync(join(root, house), { recursive: true, encoding: 'utf8' }).map(name =>
        join(house, name),
      ),
    )
    .filter(path => path.endsWith('.ts') && path !== 'protocol/testing/properties.ts')
  t.ok(others.length > 100, 'the sources were found')
  t.same(
    others.filter(path => /\bfrom\s+'fast-check'/.test(readFileSync(join(root, path), 'utf8'))),
    [],
  )
})
