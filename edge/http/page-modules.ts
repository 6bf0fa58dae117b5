/**
 * The files that browsers load for the pages: compiled scripts and everything that they import,
 * mostly our own client. A file that no page reaches is not served. Rejected: a bundler, which is a
 * second compiler whose output nobody reads. Rejected: serving the folder of compiled files, which
 * would also serve the engine.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { assetUrl } from '../../protocol/kernel/assets.ts'

export interface WebFile {
  body: Uint8Array
  contentType: string
  /** Hash of the content in quotes, as the header has it. */
  etag: string
}

const contentTypes: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}
const etagCharacters = 22
const compiledRoot = new URL('../../', import.meta.url)
/** A file with this text, as it is served. The ending of `name` gives its content type. */
export function webFile(name: string, text: string): WebFile {
  const body = Buffer.from(text)
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, etagCharacters)
  return {
    body,
    contentType: contentTypes[posix.extname(name).slice(1)]!,
    etag: `"${hash}"`,
  }
}

/**
 * The address of a source file. It is one segment, so that the folders are not part of the
 * interface.
 */
export const webName = (path: string): string =>
  path
    .replace(/^edge\/(pages\/)?/, '')
    .replace(/\.ts$/, '.js')
    .replaceAll('/', '-')

/** The served files by address. */
export class WebFiles {
  readonly #files = new Map<string, { path: string; file: WebFile; imports: readonly string[] }>()

  get(name: string): WebFile | null {
    return this.#files.get(name)?.file ?? null
  }
  get names(): readonly string[] {
    return [...this.#files.keys()]
  }

  /** Adds a style sheet or a picture unchanged. */
  addAsset(path: string): string {
    return this.#add(path, readFileSync(assetUrl(path), 'utf8'), [])
  }

  /** Adds a script and its imports. Throws when it imports a module that no browser can load. */
  addScript(path: string): string {
    const name = webName(path)
    if (this.#files.has(name)) return this.#sameFile(name, path)
    const compiled = readFileSync(new URL(path.replace(/\.ts$/, '.js'), compiledRoot), 'utf8')
    const imports: string[] = []
    const lines = compiled.split('\n').map(line => {
      // The source map is not served.
      if (line.startsWith('//# sourceMappingURL=')) return ''
      const specifier = specifierOf(line)
      if (specifier === null) return line
      if (!specifier.startsWith('.'))
        throw new Error(`${path} imports ${specifier}, which no browser can load`)
      const imported = posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts')
      imports.push(imported)
      return line.replace(`'${specifier}'`, `'./${webName(imported)}'`)
    })
    this.#add(path, lines.join('\n'), imports.map(webName))
    for (const imported of imports) this.addScript(imported)
    return name
  }

  /** A script and everything that it imports, so that a browser can ask for all files at once. */
  closureOf(name: string): readonly string[] {
    const found = new Set([name])
    for (const one of found) for (const next of this.#files.get(one)!.imports) found.add(next)
    return [...found]
  }

  #add(path: string, text: string, imports: readonly string[]): string {
    const name = webName(path)
    if (this.#files.has(name)) return this.#sameFile(name, path)
    this.#files.set(name, { path, file: webFile(name, text), imports })
    return name
  }

  #sameFile(name: string, path: string): string {
    const known = this.#files.get(name)!.path
    if (known !== path) throw new Error(`${known} and ${path} have the same address ${name}`)
    return name
  }
}

/**
 * The module that a line of compiled code imports or re-exports; null for every other line. The
 * compiler writes one import on each line.
 */
function specifierOf(line: string): string | null {
  if (!/^(import|export) /.test(line) || !line.endsWith("';")) return null
  const mark = line.startsWith("import '") ? "import '" : " from '"
  const at = line.lastIndexOf(mark)
  return at < 0 ? null : line.slice(at + mark.length, -"';".length)
}
