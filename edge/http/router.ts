/**
 * Finds the row of the route table for a method and a path. It is a tree of path segments: a
 * look-up costs the depth of the path, not the number of routes, and tells which methods a path
 * has, as 405 and OPTIONS need. Rejected: the router of uWebSockets, which cannot tell 404 from
 * 405.
 */
import type { AnyRoute, Method } from '../kernel/route.ts'

interface Row {
  route: AnyRoute
  names: readonly string[]
}
interface Node {
  children: Map<string, Node>
  /** The child for any segment; each route names its parameter. */
  parameter: Node | null
  routes: Map<Method, Row>
  /** The page for people at a path that programs read too; null at every other path. */
  page: Row | null
}
const node = (): Node => ({ children: new Map(), parameter: null, routes: new Map(), page: null })

export type Match =
  | { found: 'route'; route: AnyRoute; params: Record<string, string> }
  | { found: 'path'; allow: string[]; options: Readonly<Record<string, string>> }
  | { found: 'nothing' }

export interface Router {
  /**
   * HEAD finds the GET row. A slash at the end makes no difference. `wantsPage` is asked where a
   * path has a row for programs and a page; true means the page.
   */
  match(method: string, path: string, wantsPage?: () => boolean): Match
}

/** The names of the parameters in the path, in their order. */
export const parameterNames = (path: string): string[] =>
  [...path.matchAll(/:([a-z_]+)/g)].map(m => m[1]!)

/**
 * Throws when two rows have the same method and path. A page may share the path of a row for
 * programs that stands before it: an older API has `GET /pharmacy`, where people expect the page.
 */
export function createRouter(routes: readonly AnyRoute[]): Router {
  const root = node()
  for (const route of routes) {
    let at = root
    for (const segment of segmentsOf(route.path)) {
      if (segment.startsWith(':')) at = at.parameter ??= node()
      else {
        let child = at.children.get(segment)
        if (child === undefined) at.children.set(segment, (child = node()))
        at = child
      }
    }
    const row = { route, names: parameterNames(route.path) }
    const known = at.routes.get(route.method)
    if (known === undefined) at.routes.set(route.method, row)
    else if (route.page === true && known.route.page !== true && at.page === null) at.page = row
    else throw new Error(`two routes for ${route.method} ${route.path}`)
  }
  return {
    match(method, path, wantsPage = () => false) {
      const values: string[] = []
      const at = find(root, segmentsOf(path), 0, values)
      if (at === null) return { found: 'nothing' }
      const wanted = (method === 'HEAD' ? 'GET' : method) as Method
      const page = at.page !== null && wanted === 'GET' && wantsPage() ? at.page : null
      const row = page ?? at.routes.get(wanted)
      if (row === undefined)
        return {
          found: 'path',
          allow: allowed(at),
          options: Object.assign({}, ...[...at.routes.values()].map(one => one.route.options)),
        }
      const params: Record<string, string> = {}
      for (const [i, name] of row.names.entries()) params[name] = values[i]!
      return { found: 'route', route: row.route, params }
    },
  }
}

/**
 * A named segment wins over a parameter. The parameter is tried when the named branch has no match.
 */
function find(at: Node, segments: readonly string[], depth: number, values: string[]): Node | null {
  if (depth === segments.length) return at.routes.size > 0 ? at : null
  const segment = segments[depth]!
  const child = at.children.get(segment)
  if (child !== undefined) {
    const found = find(child, segments, depth + 1, values)
    if (found !== null) return found
  }
  if (at.parameter === null) return null
  const value = decoded(segment)
  if (value === null || value === '') return null
  values.push(value)
  const found = find(at.parameter, segments, depth + 1, values)
  if (found === null) values.pop()
  return found
}

function allowed(at: Node): string[] {
  const methods: string[] = [...at.routes.keys()]
  if (at.routes.has('GET')) methods.push('HEAD')
  return [...methods, 'OPTIONS']
}

function segmentsOf(path: string): string[] {
  const segments = path.split('/').slice(1)
  if (segments.at(-1) === '') segments.pop()
  return segments
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}
