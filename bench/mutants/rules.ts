/**
 * Lists the code in which no mistakes are made, because only a reader of texts or of the log could
 * notice them. Each rule names a form of code, never a file:
 *
 * - A line of the log: the call, its arguments, and an `if` or a function that does nothing else.
 *   The tests of the log check what must stay out of it; its wording and its times are free.
 * - Texts for people: the text of an error or a refusal beside its code, and `description`,
 *   `summary`, `title` and `help` of schemas, routes and metrics. A test of them would be a copy of
 *   them.
 * - A relation between constants, `relation(...)`: no program starts without it. A mistake that
 *   makes it always true changes nothing.
 * - Code that the types prove unreachable: `unreachable(...)`.
 *
 * All other code gets mistakes, also shortcuts and sizes of buffers, although some of these
 * mistakes change only the speed. Only a person can tell them apart, and the number of mistakes
 * that were caught must not depend on a person.
 */
import type { createInstrumenter } from '@stryker-mutator/instrumenter'

type Options = Parameters<ReturnType<typeof createInstrumenter>['instrument']>[1]
export type Ignorer = Options['ignorers'][number]

/** Babel's nodes, as far as the rules look at them. */
interface Node {
  type: string
  name?: string
  key?: Node
  computed?: boolean
  properties?: Node[]
  callee?: Node
  object?: Node
  property?: Node
  id?: Node
  expression?: Node
  body?: Node | Node[]
  consequent?: Node | Node[]
  alternate?: Node | null
}
interface Path {
  node: Node
  parent: Node | null
  key: string | number | null
  listKey?: string
}

const levels = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
const logs = new Set(['log', 'logger', 'console'])
const words = new Set(['description', 'summary', 'title', 'help'])

/** `name`, `it.name` and `it.#name` all have the name `name`. */
function nameOf(node: Node | undefined): string {
  if (node === undefined) return ''
  if (node.type === 'MemberExpression' || node.type === 'OptionalMemberExpression')
    return nameOf(node.property)
  if (node.type === 'PrivateName') return nameOf(node.id)
  return node.type === 'Identifier' ? (node.name ?? '') : ''
}

function isLogCall({ type, callee }: Node): boolean {
  if ((type !== 'CallExpression' && type !== 'OptionalCallExpression') || callee === undefined)
    return false
  return nameOf(callee) === 'log' || (levels.has(nameOf(callee)) && logs.has(nameOf(callee.object)))
}

/** Whether this only writes lines of the log. */
function onlyLogs(node: Node | null | undefined): boolean {
  if (node === null || node === undefined) return false
  switch (node.type) {
    case 'ExpressionStatement':
      return onlyLogs(node.expression)
    case 'BlockStatement':
      return Array.isArray(node.body) && node.body.length > 0 && node.body.every(onlyLogs)
    case 'IfStatement':
      return node.alternate === null && !Array.isArray(node.consequent) && onlyLogs(node.consequent)
    case 'ArrowFunctionExpression':
      return !Array.isArray(node.body) && onlyLogs(node.body)
    default:
      return isLogCall(node)
  }
}

const isError = ({ type, callee }: Node): boolean =>
  type === 'NewExpression' && nameOf(callee).endsWith('Error')
const isRefusal = ({ type, callee }: Node): boolean =>
  type === 'CallExpression' && nameOf(callee) === 'reject'
/**
 * Whether the argument is text for people: `new Error(words)`, `new CaduceusError(code, words,
 * details)`, `reject(code, words)`. Details are not.
 */
const isWords = (call: Node, key: unknown): boolean =>
  (isError(call) && (key === 0 || key === 1)) || (isRefusal(call) && key === 1)

function onlyWords({ type, computed, key, properties }: Node): boolean {
  if (type === 'ObjectExpression')
    return properties !== undefined && properties.length > 0 && properties.every(onlyWords)
  return type === 'ObjectProperty' && computed !== true && words.has(nameOf(key))
}

/**
 * The reason why no mistake is made at this node and below it; undefined where mistakes are made.
 */
function reasonToSpare({ node, parent, key, listKey }: Path): string | undefined {
  if (onlyLogs(node)) return 'a line of the log'
  if (listKey === 'arguments' && parent !== null && isWords(parent, key)) return 'words for people'
  if (onlyWords(node)) return 'words for people'
  if (node.type === 'CallExpression' && nameOf(node.callee) === 'relation')
    return 'a relation between constants'
  if (node.type === 'CallExpression' && nameOf(node.callee) === 'unreachable') return 'unreachable'
  if (
    node.type === 'SwitchCase' &&
    Array.isArray(node.consequent) &&
    node.consequent.length === 1 &&
    isUnreachable(node.consequent[0]!)
  )
    return 'unreachable'
  return undefined
}

const isUnreachable = (node: Node & { argument?: Node }): boolean =>
  node.type === 'ReturnStatement' && nameOf(node.argument?.callee) === 'unreachable'

export const ignorers: Ignorer[] = [
  { shouldIgnore: path => reasonToSpare(path as unknown as Path) },
]
