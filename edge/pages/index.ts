/** The pages for people. Each folder here with a `page.json` is one page. */
import { operationIdsOf, pageFolders, readPage } from '../http/page-folder.ts'
import { everyone } from '../kernel/access.ts'
import { feature } from '../kernel/feature.ts'

const folders = pageFolders()
const shown = folders.map(readPage).filter(({ path }) => path !== undefined)
const operationIds = [...shown.flatMap(operationIdsOf), 'webFile', 'openapi', 'asyncapi']

export const pages = feature()({
  name: 'pages',
  pages: folders,
  access: Object.fromEntries(operationIds.map(operationId => [operationId, everyone])),
})
