/** Who is answered by the operations of this feature. */
import { everyone, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  openapi: everyone,
  asyncapi: everyone,
  indexPage: everyone,
  docsPage: everyone,
  livePage: everyone,
  terminalPage: everyone,
  customerPage: everyone,
  trackPage: everyone,
  webFile: everyone,
}
