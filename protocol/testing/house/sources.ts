/**
 * The sources of the project as the house rules read them: text, imports, and which files are parts
 * of tests.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../../kernel/assets.ts'

/** The folder of the repository. */
export const root = fileURLToPath(assetUrl('.'))
/** The top folders with sources. */
export const houses = ['protocol', 'engine', 'edge', 'bench', 'migrations'] as const

/** One file with code: TypeScript, or a script of a page. */
export interface Source {
  /** Path from the root of the repository. */
  path: string
  house: string
  text: string
  /** Imported files, as paths from the root of the repository, and names of packages. */
  imports: string[]
  /** True for tests, and for fixtures, contract suites and servers that only tests use. */
  test: boolean
}

const testPart =
  /\.test\.ts$|(^|\/)fixture[^/]*\.ts$|(^|\/)contract(\.ts$|\/)|\/testing\/|\/acceptance\/|^edge\/approval\/suite-[^/]*\.ts$/

/** All files of a top folder whose names end in one of the endings. */
export function filesOf(house: string, endings: readonly string[]): string[] {
  return readdirSync(join(root, house), { recursive: true, encoding: 'utf8' })
    .filter(name => endings.some(ending => name.endsWith(ending)) && !name.includes('node_modules'))
    .map(name => join(house, name))
}

function sourceOf(house: string, path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const imports = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(match =>
    match[1]!.startsWith('.') ? normalize(join(dirname(path), match[1]!)) : match[1]!,
  )
  return { path, house, text, imports, test: testPart.test(path) }
}

/** Every file with code, pages' scripts among them. */
export const sources: readonly Source[] = houses.flatMap(house =>
  filesOf(house, ['.ts', '.tsx', '.js']).map(path => sourceOf(house, path)),
)

/** A source without its comments. */
export const code = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'])\/\/.*$/gm, '$1')
