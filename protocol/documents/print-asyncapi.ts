/**
 * `npm run -s asyncapi`: prints the document, for generators and for comparing it before and after
 * a change.
 */
import { readFileSync } from 'node:fs'
import { assetUrl } from '../kernel/assets.ts'

const { version } = JSON.parse(readFileSync(assetUrl('package.json'), 'utf8')) as {
  version: string
}
const help = `Usage: npm run -s asyncapi

Writes the AsyncAPI document of the bus and of the sockets to standard output, as JSON.`

if (process.argv.length > 2) {
  process.stdout.write(`${help}\n`)
  process.exitCode = process.argv[2] === '--help' ? 0 : 2
} else {
  const { asyncApiDocument } = await import('./asyncapi.ts')
  process.stdout.write(`${JSON.stringify(asyncApiDocument(version), null, 2)}\n`)
}
