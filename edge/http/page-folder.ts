/**
 * A page is a folder: `page.json` has its path and title, `page.html` is its content, and its
 * script is beside them. The server finds the folders of the pages, so a new page needs no edit
 * elsewhere. A feature that has its page in its own folder names that folder. Rejected: a list of
 * all pages in code, because it would be one more place to know.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { assetUrl } from '../../protocol/kernel/assets.ts'

/** The schema of `page.json`. */
const Declaration = Type.Object(
  {
    /**
     * The path of the page, with `:name` for parameters; absent for the page that answers unknown
     * addresses.
     */
    path: Type.Optional(Type.String({ pattern: '^/' })),
    /** Paths under which older systems had such a page. They lead to the page. */
    olderPaths: Type.Optional(Type.Array(Type.String({ pattern: '^/[a-z]+$' }))),
    title: Type.String(),
    description: Type.Optional(Type.String()),
    /** A rule for search engines, such as `noindex`. */
    robots: Type.Optional(Type.String()),
    /** Script and style sheets of the page, in its folder. */
    script: Type.Optional(Type.String({ pattern: '\\.tsx?$' })),
    styles: Type.Optional(Type.Array(Type.String({ pattern: '\\.css$' }))),
    /**
     * A script and a style sheet of a library, by the names of their packages and files. The script
     * is no module; it runs before the script of the page.
     */
    libraryScript: Type.Optional(Type.String()),
    libraryStyle: Type.Optional(Type.String()),
    /** True for a page that is shown in the visitor's language. */
    languages: Type.Optional(Type.Boolean()),
    /**
     * For a page that people install on a phone. `workers`: the sources, from the root, of the
     * script that runs beside the page.
     */
    app: Type.Optional(
      Type.Object(
        {
          shortName: Type.String(),
          colour: Type.String(),
          workers: Type.Array(Type.String({ pattern: '\\.ts$' }), { minItems: 1 }),
        },
        { additionalProperties: false },
      ),
    ),
    bodyClass: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

export interface Page extends Type.Static<typeof Declaration> {
  /** Name of the page, from its folder, as in `indexPage`. */
  name: string
  /** Path of the folder from the root of the sources, without a slash at the end. */
  folder: string
  html: string
}

const declarationFile = 'page.json'
const pagesFolder = 'edge/pages'

/** The folders below `edge/pages` that contain a page, in the order of their names. */
export const pageFolders = (): string[] =>
  readdirSync(assetUrl(pagesFolder))
    .map(name => `${pagesFolder}/${name}`)
    .filter(folder => existsSync(assetUrl(`${folder}/${declarationFile}`)))
    .sort()

/** The operationId of the row of a page. */
export const operationIdOf = ({ name }: Page): string => `${name}Page`

/** The operationId of the row that leads from an older path to the page. */
export const redirectIdOf = (olderPath: string): string => `${olderPath.slice(1)}Redirect`

/** The operationIds of the rows of a page that people install. */
export const manifestIdOf = ({ name }: Page): string => `${name}Manifest`
export const workerIdOf = ({ name }: Page): string => `${name}Worker`

/** The operationIds of all rows of a page that has a path. */
export const operationIdsOf = (page: Page): string[] => [
  operationIdOf(page),
  ...(page.olderPaths ?? []).map(redirectIdOf),
  ...(page.app === undefined ? [] : [manifestIdOf(page), workerIdOf(page)]),
]

/**
 * Reads a page. Throws an error that names the file when its declaration is wrong or its content is
 * missing.
 */
export function readPage(folder: string): Page {
  const file = `${folder}/${declarationFile}`
  const declared: unknown = JSON.parse(readFileSync(assetUrl(file), 'utf8'))
  if (!Value.Check(Declaration, declared)) {
    const [problem] = Value.Errors(Declaration, declared)
    throw new Error(`${file}: ${problem?.instancePath ?? ''} ${problem?.message ?? ''}`)
  }
  const parts = folder.split('/')
  const name = parts.at(-1) === 'page' ? parts.at(-2)! : parts.at(-1)!
  const html = readFileSync(assetUrl(`${folder}/page.html`), 'utf8')
  return { ...declared, name, folder, html }
}
