/**
 * The files that browsers load for the pages: compiled scripts and everything that they import,
 * mostly our own client and one small library. A file that no page reaches is not served. Each
 * address has the version of its file, which follows from its content and that of its imports, so
 * a browser keeps a file for ever and asks for it again when it changed.
 *
 * Rejected: a bundler, which is a second compiler whose output nobody reads. Rejected: serving the
 * folder of compiled files, which would also serve the engine.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { assetUrl } from '../../protocol/kernel/assets.ts'

export interface WebFile {
  body: Uint8Array
  contentType: string
  /** Hash of the content in quotes, as the header has it. */
  etag: string
  /** The part of the hash that stands in addresses. */
  version: string
}

const contentTypes: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  webmanifest: 'application/manifest+json',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}
const etagCharacters = 22
const versionCharacters = 10
/** Libraries that pages import by name. Each is made of modules that browsers load as they are. */
const libraries: ReadonlySet<string> = new Set([
  'preact',
  'preact/hooks',
  'preact/jsx-runtime',
  '@preact/signals',
  '@preact/signals-core',
  'maplibre-gl',
  'maplibre-gl/dist/maplibre-gl-worker.mjs',
  'pmtiles',
  'fflate',
])
/** Libraries that have another form for servers, with the name of the one for browsers. */
const formsForBrowsers: Readonly<Record<string, string>> = { fflate: 'fflate/browser' }
const compiledRoot = new URL('../../', import.meta.url)
/** A file with this text, as it is served. The ending of `name` gives its content type. */
export function webFile(name: string, text: string): WebFile {
  const body = Buffer.from(text)
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, etagCharacters)
  return {
    body,
    contentType: contentTypes[posix.extname(name).slice(1)]!,
    etag: `"${hash}"`,
    version: hash.slice(0, versionCharacters),
  }
}

/**
 * The name of a source file in its address. It is one segment, so that the folders are not part of
 * the interface.
 */
export const webName = (path: string): string =>
  path
    .replace(/^edge\/(pages\/)?/, '')
    .replace(/\.tsx?$/, '.js')
    .replaceAll('/', '-')

interface Served {
  path: string
  file: WebFile
  /** Names of the files that it imports. */
  imports: readonly string[]
}

/** The served files by name. */
export class WebFiles {
  readonly #files = new Map<string, Served>()
  /** Scripts whose imports are being added. */
  readonly #begun = new Set<string>()

  get(name: string): WebFile | null {
    return this.#files.get(name)?.file ?? null
  }
  get names(): readonly string[] {
    return [...this.#files.keys()]
  }
  /** The address below `/web/` of a file that was added. */
  addressOf(name: string): string {
    return `${name}?v=${this.#files.get(name)!.file.version}`
  }

  /** Adds a style sheet or a picture unchanged. */
  addAsset(path: string): string {
    return this.#add(path, webName(path), readFileSync(assetUrl(path), 'utf8'), [])
  }

  /** Adds a file of a package unchanged. */
  addLibraryFile(specifier: string): string {
    const text = readFileSync(new URL(import.meta.resolve(specifier)), 'utf8')
    // Addresses have small letters, and one dot before the ending.
    const base = posix.basename(specifier).toLowerCase()
    const name = `library-${base.replaceAll(/\.(?=.*\.)/g, '-')}`
    return this.#add(specifier, name, text.replace(/\/[/*]# sourceMappingURL=.*/, ''), [])
  }

  /** Adds a script and its imports. Throws when it imports a module that no browser can load. */
  addScript(path: string): string {
    const name = webName(path)
    if (this.#files.has(name)) return this.#sameFile(name, path)
    if (this.#begun.has(name)) throw new Error(`${path} imports itself through its imports`)
    this.#begun.add(name)
    const compiled = readFileSync(new URL(path.replace(/\.tsx?$/, '.js'), compiledRoot), 'utf8')
    const imports: string[] = []
    const lines = compiled.split('\n').map(line => {
      // The source map is not served.
      if (line.startsWith('//# sourceMappingURL=')) return ''
      const specifier = specifierOf(line)
      if (specifier === null) return this.#withLater(path, line)
      const imported = specifier.startsWith('.')
        ? this.addScript(sourceOf(posix.join(posix.dirname(path), specifier)))
        : this.#addLibrary(path, specifier)
      imports.push(imported)
      return line.replace(/(["'])[^"']*\1;$/, `'./${this.addressOf(imported)}';`)
    })
    return this.#add(path, name, lines.join('\n'), imports)
  }

  /**
   * A line with the addresses of the libraries that the script loads later, when a person needs
   * them. The page does not name them, so no browser asks for them before.
   */
  #withLater(importer: string, line: string): string {
    return line.replaceAll(
      /(\bimport(?:\.meta\.resolve)?\()'([^'.][^']*)'(?=\))/g,
      (_all, call: string, specifier: string) =>
        `${call}'./${this.addressOf(this.#addLibrary(importer, specifier))}'`,
    )
  }

  /** Adds a module of a library and the modules that it imports. */
  #addLibrary(importer: string, specifier: string): string {
    if (!libraries.has(specifier))
      throw new Error(`${importer} imports ${specifier}, which no browser can load`)
    const name = `library-${specifier.replaceAll(/[^a-z]+/g, '-').replace(/^-/, '')}.js`
    if (this.#files.has(name)) return name
    const imports: string[] = []
    const file = import.meta.resolve(formsForBrowsers[specifier] ?? specifier)
    const text = readFileSync(new URL(file), 'utf8')
      .replace(/\/\/# sourceMappingURL=.*/, '')
      .replaceAll(/(\bfrom|\bimport)"([^"]+)"/g, (_all, word: string, next: string) => {
        const imported = this.#addLibrary(specifier, next)
        imports.push(imported)
        return `${word}"./${this.addressOf(imported)}"`
      })
    return this.#add(specifier, name, text, imports)
  }

  /** A script and everything that it imports, so that a browser can ask for all files at once. */
  closureOf(name: string): readonly string[] {
    const found = new Set([name])
    for (const one of found) for (const next of this.#files.get(one)!.imports) found.add(next)
    return [...found]
  }

  #add(path: string, name: string, text: string, imports: readonly string[]): string {
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
 * The script that a browser runs beside its pages, joined of these sources. They import nothing,
 * and share one scope.
 */
export function workerFile(paths: readonly string[]): WebFile {
  const isOurs = (line: string): boolean => !/^(export \{\};|\/\/# sourceMappingURL=)/.test(line)
  const lines = paths.flatMap(path => {
    const compiled = readFileSync(new URL(path.replace(/\.ts$/, '.js'), compiledRoot), 'utf8')
    const own = compiled.split('\n')
    if (own.some(line => specifierOf(line) !== null))
      throw new Error(`${path} imports a module, which a script of its kind cannot`)
    return own.filter(isOurs)
  })
  return webFile('worker.js', lines.join('\n'))
}

/** The source of a compiled file; pages are written in both languages. */
const sourceOf = (compiled: string): string => {
  const source = compiled.replace(/\.js$/, '.ts')
  return existsSync(assetUrl(`${source}x`)) ? `${source}x` : source
}

/**
 * The module that a line of compiled code imports or re-exports; null for every other line. The
 * compiler writes one import on each line, with double quotes where it adds one itself.
 */
function specifierOf(line: string): string | null {
  if (!/^(import|export) /.test(line)) return null
  return /(?:^import| from) (["'])([^"']+)\1;$/.exec(line)?.[2] ?? null
}
