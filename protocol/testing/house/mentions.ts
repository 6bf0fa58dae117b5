/** Finds mentions of repository files that do not exist, in comments, documents and data. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { filesOf, houses, root, sources } from './sources.ts'

const ending = String.raw`(?:test\.ts|bench\.ts|ts|js|md|sql|html|css|json|yml)`
/** A path with a folder, or a file name alone in backquotes. */
const withFolder = new RegExp(
  String.raw`(?<![\w./@-])(?:\.{0,2}/)?(?:[\w-]+/)+[\w.-]+?\.${ending}\b(?![\w/.-])`,
  'g',
)
const alone = new RegExp('`([\\w-]+(?:\\.[\\w-]+)*\\.' + ending + ')`', 'g')

/** Files of other projects, and patterns of names. */
const elsewhere = new Set(['uNetworking/uWebSockets.js', 'uWebSockets.js', 'NAME.bench.ts'])

/** The comments of a source; the whole of any other text. */
function prose(path: string, text: string): string {
  if (!/\.(ts|js)$/.test(path)) return text
  const comments = text.match(/\/\*[\s\S]*?\*\/|(?<=^|[^:'])\/\/.*$/gm) ?? []
  return comments.join('\n')
}

/** Files that a text at `path` names and that do not exist. */
export function danglingIn(path: string, text: string): string[] {
  const spoken = prose(path, text)
  const wrong = [
    ...[...spoken.matchAll(withFolder)].map(match => match[0]).filter(m => !exists(path, m)),
    ...[...spoken.matchAll(alone)].map(match => match[1]!).filter(name => !exists(path, name)),
  ]
  return [...new Set(wrong)].filter(mention => !elsewhere.has(mention))
}

/** `path: mention` for each missing file that a source, a document or a recorded list names. */
export function danglingMentions(): string[] {
  const documents = houses.flatMap(house => filesOf(house, ['.md']))
  const recorded = houses.flatMap(house => filesOf(house, ['constants.json']))
  const texts: [string, string][] = [
    ...sources.map(({ path, text }): [string, string] => [path, text]),
    ...['README.md', ...documents].map(readAt),
    ...recorded
      .map(readAt)
      .map(([path, text]): [string, string] => [
        path,
        Object.keys(JSON.parse(text) as object).join('\n'),
      ]),
  ]
  return texts.flatMap(([path, text]) =>
    danglingIn(path, text).map(mention => `${path}: ${mention}`),
  )
}

const readAt = (path: string): [string, string] => [path, readFileSync(join(root, path), 'utf8')]

/**
 * A mention may begin at the root, at the folder of its text, or at any folder: `orders/state.ts`.
 */
function exists(from: string, mention: string): boolean {
  if (existsSync(join(root, mention)) || existsSync(join(root, dirname(from), mention))) return true
  // A compiled file exists when its source does.
  const names = [mention, mention.replace(/\.js$/, '.ts')]
  return allPaths().some(path => names.some(name => path.endsWith(`/${name}`) || path === name))
}

let paths: string[] | null = null
function allPaths(): string[] {
  return (paths ??= houses.flatMap(house => filesOf(house, [''])))
}
