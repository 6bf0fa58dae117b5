/**
 * Finds exports that no other file imports. It reads with regular expressions: the formatter writes
 * imports and exports in one way, and this compiler has no interface for programs.
 */
import { dirname, join, normalize } from 'node:path/posix'
import { code, type Source } from './sources.ts'

const declared =
  /^export (?:declare )?(?:async )?(?:const|let|function\*?|(?:abstract )?class|interface|type|enum) (\w+)/gm
const typed = /^export (?:interface|type) (\w+)/gm
const listed = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm
const imported = /\bimport (?:type )?(?:\w+, )?\{([^}]*)\} from '([^']+)'/g
const wholly = /(?:\bimport (?:type )?\* as (\w+) from|^export \* from) '([^']+)'/gm
const lazily = /\bimport\(\s*['`]([^'`]+)['`]/g

/** `a`, `type b`, `c as d`: the names before `as`, or after it. */
function names(list: string, side: 'before' | 'after'): string[] {
  return list
    .split(',')
    .map(item => item.trim().replace(/^type /, ''))
    .filter(item => item !== '')
    .map(item => item.split(' as ').at(side === 'before' ? 0 : -1)!)
}

/**
 * `path: name` of each export that no other file imports. `isRead` knows readers outside the
 * sources. A type that its own file uses is allowed, because it names a part of an exported
 * function's parameters or result.
 */
export function deadExports(
  sources: readonly Source[],
  isRead: (path: string, name: string) => boolean,
): string[] {
  const used = new Map<string, Set<string>>()
  const whole = new Set<string>()
  const use = (from: string, path: string, name: string): void => {
    const target = normalize(join(dirname(from), path))
    if (target === from) return
    const known = used.get(target)
    if (known === undefined) used.set(target, new Set([name]))
    else known.add(name)
  }
  for (const { path, text } of sources) {
    for (const [, list, from] of text.matchAll(imported))
      for (const name of names(list!, 'before')) use(path, from!, name)
    for (const [, list, from] of text.matchAll(listed))
      if (from !== undefined) for (const name of names(list!, 'before')) use(path, from, name)
    for (const [, , from] of text.matchAll(wholly)) whole.add(normalize(join(dirname(path), from!)))
    for (const [, from] of text.matchAll(lazily)) whole.add(normalize(join(dirname(path), from!)))
    for (const [, from, name] of text.matchAll(/import\('([^']+)'\)\.(\w+)/g))
      use(path, from!, name!)
  }
  return sources.flatMap(({ path, text }) => {
    if (whole.has(path) || path.endsWith('.test.ts')) return []
    const bare = code(text)
    const exported = [
      ...[...bare.matchAll(declared)].map(match => match[1]!),
      ...[...bare.matchAll(listed)].flatMap(match => names(match[1]!, 'after')),
    ]
    const types = new Set([...bare.matchAll(typed)].map(match => match[1]!))
    const ownUses = (name: string): number => bare.split(new RegExp(`\\b${name}\\b`)).length - 2
    return exported
      .filter(
        name =>
          !used.get(path)?.has(name) &&
          !isRead(path, name) &&
          !(types.has(name) && ownUses(name) > 0),
      )
      .map(name => `${path}: ${name}`)
  })
}
