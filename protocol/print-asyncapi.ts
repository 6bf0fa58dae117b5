/** `npm run -s asyncapi`: the document on standard output, for generators and for a look at what a change changed. */
import { readFileSync } from 'node:fs'
import { asyncApiDocument } from './asyncapi.ts'
import { assetUrl } from './assets.ts'

const { version } = JSON.parse(readFileSync(assetUrl('package.json'), 'utf8')) as {
  version: string
}
process.stdout.write(`${JSON.stringify(asyncApiDocument(version), null, 2)}\n`)
