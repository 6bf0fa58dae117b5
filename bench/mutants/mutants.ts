/**
 * All mistakes that one small change can make in the product, as Stryker's instrumenter finds them:
 * a turned comparison, a condition that always holds, an emptied block, another operator. Texts are
 * not changed: nearly all are words for people, and a test of each would copy the code. rules.ts
 * lists the other exceptions.
 *
 * Every mistake is compiled in at once, and an environment variable says which one is active.
 * Rejected: Stryker's own runner. It sends all test files through one `tap` for each mistake,
 * although the test beside it nearly always finds it, and it cannot draw a hundred of all by a
 * seed.
 */
import { createInstrumenter } from '@stryker-mutator/instrumenter'
import { createInjector } from 'typed-inject'
import { ignorers } from './rules.ts'

export interface Mutant {
  /** Its number in the compiled code, from 0. */
  id: number
  /** Path within the project. */
  file: string
  /** Counted from 1. */
  line: number
  column: number
  /** Stryker's name of the kind of change. */
  kind: string
  before: string
  after: string
  /**
   * Position among the mutants of its file, from 0, including spared ones, so that other files do
   * not change it.
   */
  ordinal: number
}

export interface Source {
  path: string
  text: string
}

const houses = /^(engine|protocol|edge)\//
/**
 * Parts of tests, their fixtures, tables of examples, and pages, whose tests need a browser each.
 */
const notProduct =
  /\.test\.ts$|(^|\/)(fixture|suite-)[^/]*\.ts$|(^|\/)(contract|samples|worker-suite|s3-server)\.ts$|\/(contract|testing)\/|^edge\/acceptance\/|^edge\/(pages|[^/]+\/page)\/|^engine\/sim\/|\/examples\//

/** Whether this is a file of the product, in which mistakes are made. */
export const isProduct = (path: string): boolean =>
  path.endsWith('.ts') && houses.test(path) && !notProduct.test(path)

/**
 * The functions that instrumented code calls, in place of Stryker's header, which counts every pass
 * and makes a hot loop ten times slower. They answer whether a mutant is active and, while coverage
 * is measured, record which mutants were passed. The first mutant of a place stands for all of
 * them, so the second pass costs one look. They name nothing that a file may name anew, but `globalThis`.
 * Functions and `var`, because modules that import each
 * other call them before their own first line has run. Browsers load some of these files too.
 */
const switches = `var active_9fa48, passed_9fa48
function stryMutAct_9fa48(id) { return id === (active_9fa48 ??= +(globalThis.process?.env.ACTIVE_MUTANT ?? -1)) }
function stryCov_9fa48(first) {
  if (passed_9fa48 === null || passed_9fa48?.[first] === 1) return
  passed_9fa48 ??= globalThis.passedMutants ?? null
  if (passed_9fa48 !== null) for (const id of arguments) passed_9fa48[id] = 1
}
`

/** Behind the line of a program that names its interpreter, which must stay the first. */
const withSwitches = (code: string): string => code.replace(/^(#!.*\n)?/, first => first + switches)

/** Numbers in place of texts: they compare in one step and fit an array of bytes. */
const withNumbers = (code: string): string =>
  code.replaceAll(
    /\b(stryMutAct_9fa48|stryCov_9fa48)\(("\d+"(?:, "\d+")*)\)/g,
    (_, name: string, ids: string) => `${name}(${ids.replaceAll('"', '')})`,
  )

const silent = (): void => {}
const logger = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
}

/** The sources with every mutant in them, all inactive, and the list of mutants. */
export async function instrument(
  sources: readonly Source[],
): Promise<{ sources: Source[]; mutants: Mutant[] }> {
  const injector = createInjector()
    .provideValue('logger', logger)
    .provideValue('getLogger', () => logger)
  const instrumenter = createInstrumenter(
    injector as unknown as Parameters<typeof createInstrumenter>[0],
  )
  const files = sources.map(({ path, text }) => ({ name: path, content: text, mutate: true }))
  const result = await instrumenter.instrument(files, {
    excludedMutations: ['StringLiteral'],
    ignorers,
    plugins: null,
    noHeader: true,
  })
  const texts = new Map(sources.map(({ path, text }) => [path, text]))
  const ordinals = new Map<string, number>()
  const mutants = result.mutants.flatMap((one): Mutant[] => {
    const { start, end } = one.location
    const ordinal = ordinals.get(one.fileName) ?? 0
    ordinals.set(one.fileName, ordinal + 1)
    return one.status !== undefined
      ? []
      : [
          {
            id: Number(one.id),
            ordinal,
            file: one.fileName,
            line: start.line + 1,
            column: start.column + 1,
            kind: one.mutatorName,
            before: between(texts.get(one.fileName)!, start, end),
            after: one.replacement ?? '',
          },
        ]
  })
  return {
    sources: result.files.map(({ name, content }) => ({
      path: name,
      text: withSwitches(withNumbers(content)),
    })),
    mutants,
  }
}

interface Position {
  line: number
  column: number
}

function between(text: string, start: Position, end: Position): string {
  const lines = text.split('\n').slice(start.line, end.line + 1)
  lines[lines.length - 1] = lines.at(-1)!.slice(0, end.column)
  lines[0] = lines[0]!.slice(start.column)
  return lines.join('\n')
}
