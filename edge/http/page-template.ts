/**
 * The head and the header that all pages share. A page brings its title, its content and the end of
 * its header.
 */
import { pageLanguages, type PageLanguage } from '../../protocol/kernel/languages.ts'
import type { Page } from './page-folder.ts'

/** Addresses of the files that a page loads. */
export interface PageFiles {
  icon: string
  styles: readonly string[]
  /** A script that is no module; null for most pages. */
  libraryScript: string | null
  /** The script of the page, then everything that it imports. */
  scripts: readonly string[]
}

const mainTag = '<main'

/**
 * The whole document. The part of the page's file before `<main` goes into the header. The head
 * names the imported scripts; otherwise a browser would ask for them one level of imports after
 * another.
 */
export function renderPage(
  page: Page,
  { icon, styles, libraryScript, scripts }: PageFiles,
  language: PageLanguage,
): string {
  const begin = page.html.indexOf(mainTag)
  if (begin < 0) throw new Error(`${page.folder}/page.html has no ${mainTag}>`)
  const [script, ...imported] = scripts
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${page.title}</title>`,
    `<link rel="icon" href="${icon}">`,
    ...styles.map(style => `<link rel="stylesheet" href="${style}">`),
    ...meta('description', page.description),
    ...meta('robots', page.robots),
    ...(page.app === undefined
      ? []
      : [
          `<link rel="manifest" href="${page.path}/manifest.webmanifest">`,
          ...meta('theme-color', page.app.colour),
        ]),
    ...imported.map(one => `<link rel="modulepreload" href="${one}">`),
    // Deferred scripts and modules run in their order.
    ...(libraryScript === null ? [] : [`<script defer src="${libraryScript}"></script>`]),
    ...(script === undefined ? [] : [`<script type="module" src="${script}"></script>`]),
  ]
  const direction = pageLanguages[language] === 'rtl' ? ' dir="rtl"' : ''
  return `<!doctype html>
<html lang="${language}"${direction}>
<head>
${head.join('\n')}
</head>
<body${page.bodyClass === undefined ? '' : ` class="${page.bodyClass}"`}>
<a class="skip" href="#main">To the content</a>
<header class="top">
  <a class="brand" href="/"><img src="${icon}" alt="">Caduceus</a>
${page.html.slice(0, begin).trimEnd()}
</header>
${page.html.slice(begin).trimEnd()}
</body>
</html>
`
}

const meta = (name: string, content: string | undefined): string[] =>
  content === undefined ? [] : [`<meta name="${name}" content="${content}">`]
