/**
 * Finds the row of the route table for a method and a path. It is a tree of path segments: a
 * look-up costs the depth of the path, not the number of routes, and tells which methods a path
 * has, as 405 and OPTIONS need. Rejected: the router of uWebSockets, which cannot tell 404 from
 * 405.
 */
import type { AnyRoute, Method } from '../kernel/route.ts'

interface Node {
  children: Map<string, Node>
  /** The child for any segment; each route names its parameter. */
  parameter: Node | null
  routes: Map<Method, { route: AnyRoute; names: readonly string[] }>
}
const node = (): Node => ({ children: new Map(), parameter: null, routes: new Map() })

export type Match =
  | { found: 'route'; route: AnyRoute; params: Record<string, string> }
  | { found: 'path'; allow: string[]; options: Readonly<Record<string, string>> }
  | { found: 'nothing' }

export interface Router {
  /** HEAD finds the GET row. A slash at the end makes no difference. */
  match(method: string, path: string): Match
}

/** The names of the parameters in the path, in their order. */
export const parameterNames = (path: string): string[] =>
  [...path.matchAll(/:([a-z_]+)/g)].map(m => m[1]!)

/** Throws when two rows have the same method and path. */
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
    if (at.routes.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`)
    at.routes.set(route.method, { route, names: parameterNames(route.path) })
  }
  return {
    match(method, path) {
      const values: string[] = []
      const at = find(root, segmentsOf(path), 0, values)
      if (at === null) return { found: 'nothing' }
      const row = at.routes.get((method === 'HEAD' ? 'GET' : method) as Method)
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
