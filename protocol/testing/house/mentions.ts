/** Mentions of files of the repository, in comments, documents and data, that name no file. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path/posix'
import { filesOf, houses, root, sources } from './sources.ts'

const ending = String.raw`(?:test\.ts|bench\.ts|ts|js|md|sql|html|css|json|yml)`
/** A path with a folder, or a name alone in backquotes. */
const withFolder = new RegExp(
  String.raw`(?<![\w./@-])(?:\.{0,2}/)?(?:[\w-]+/)+[\w.-]+?\.${ending}\b(?![\w/.-])`,
  'g',
)
const alone = new RegExp('`([\\w-]+(?:\\.[\\w-]+)*\\.' + ending + ')`', 'g')

/** Comments of a source; all of any other text. */
function prose(path: string, text: string): string {
  if (!/\.(ts|js)$/.test(path)) return text
  const comments = text.match(/\/\*[\s\S]*?\*\/|(?<=^|[^:'])\/\/.*$/gm) ?? []
  return comments.join('\n')
}

/** `path: mention` of each file that is named and does not exist. */
export function danglingMentions(): string[] {
  const documents = houses.flatMap(house => filesOf(house, ['.md']))
  const texts: [string, string][] = [
    ...sources.map(({ path, text }): [string, string] => [path, text]),
    ...['README.md', ...documents].map((path): [string, string] => [
      path,
      readFileSync(join(root, path), 'utf8'),
    ]),
  ]
  const names = new Set(houses.flatMap(house => filesOf(house, [''])).map(path => basename(path)))
  const exists = (from: string, mention: string): boolean =>
    [root, join(root, dirname(from))].some(folder =>
      existsSync(normalize(join(folder, mention))),
    ) ||
    // A path may begin at any folder: `routes/table.ts` for `edge/routes/table.ts`.
    allPaths().some(path => path.endsWith(`/${mention}`))
  return texts.flatMap(([path, text]) => {
    const spoken = prose(path, text)
    const wrong = [
      ...[...spoken.matchAll(withFolder)].map(match => match[0]).filter(m => !exists(path, m)),
      ...[...spoken.matchAll(alone)]
        .map(match => match[1]!)
        .filter(name => !names.has(name) && !existsSync(join(root, name))),
    ]
    return [...new Set(wrong)].map(mention => `${path}: ${mention}`)
  })
}

let paths: string[] | null = null
function allPaths(): string[] {
  return (paths ??= houses.flatMap(house => filesOf(house, [''])))
}
