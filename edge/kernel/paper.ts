/**
 * HTML pages for the screen and for paper. They need no script and no other file, so they can be kept,
 * and their policy allows nothing but their own style.
 */
import { createHash } from 'node:crypto'

const style = `
body { font: 14px/1.5 system-ui, sans-serif; color: #111; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h1 { font-size: 1.4rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #bbb; padding: .4rem .6rem; text-align: left; vertical-align: top }
code { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; border: 1px solid #bbb; padding: .6rem }
@media print {
  @page { margin: 15mm }
  body { font-size: 10pt; margin: 0; max-width: none; padding: 0 }
  thead { display: table-header-group }
  tr, pre { break-inside: avoid }
}
`
const styleHash = createHash('sha256').update(style).digest('base64')
const rules = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`
/** Only a header can say the last two. */
const policy = `${rules}; frame-ancestors 'none'; sandbox`

/** The headers of an answer that is such a page. */
export const paperHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
} as const

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** A value as text within HTML. */
export const text = (value: unknown): string =>
  String(value).replaceAll(/[&<>"']/g, one => entities[one]!)

/** The page. `title` is text, `body` is HTML. */
export const paperPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${text(rules)}">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${text(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`
