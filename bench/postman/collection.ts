/**
 * A Postman collection of our API document. Postman's own converter makes it; this file gives it a
 * document of which each operation has one example, and puts variables in the place of tokens and
 * ids. The converter would fill every optional parameter with random text otherwise.
 */
import { createRequire } from 'node:module'
import { placeholders } from '../../edge/kernel/placeholders.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- one walk through a deep document
type Json = Record<string, any>
export interface Collection {
  info: Json
  item: Folder[]
  variable: { key: string; value: string }[]
}
export interface Folder {
  name: string
  item: Item[]
}
export interface Item {
  name: string
  request: {
    method: string
    url: { path: string[]; query: Json[]; variable: Json[]; host: string[] }
    header: { key: string; value: string }[]
    body?: { mode?: string; raw?: string; formdata?: Json[] }
    auth?: Json | null
  }
  event?: Json[]
}

interface Converter {
  convertV2(
    input: { type: 'json'; data: Json },
    options: Record<string, unknown>,
    done: (
      error: Error | null,
      result: { result: boolean; reason?: string; output: { data: unknown }[] },
    ) => void,
  ): void
}

/** The variable with the token of the first role that an operation lists. */
const tokenOf: Readonly<Record<string, string>> = {
  user: 'customer_token',
  vendor: 'pharmacy_token',
  driver: 'driver_token',
  admin: 'admin_token',
}
/** The operations whose answer signs somebody in, and the variable that keeps the token. */
const signsIn: Readonly<Record<string, string>> = {
  register: 'customer_token',
  registerVendor: 'pharmacy_token',
  registerDriver: 'driver_token',
}

/** Throws when the converter refuses the document. `url` is that of the server. */
export async function postmanCollection(document: Json, url: string): Promise<Collection> {
  const data = prepared(document)
  const converter = createRequire(import.meta.url)('openapi-to-postmanv2') as Converter
  const made = await new Promise<unknown>((resolve, reject) => {
    converter.convertV2(
      { type: 'json', data },
      { folderStrategy: 'Tags', parametersResolution: 'Example', requestNameSource: 'Fallback' },
      (error, { result, reason, output } = { result: false, output: [] }) => {
        if (error !== null || !result) reject(error ?? new Error(reason ?? 'not converted'))
        else resolve(output[0]!.data)
      },
    )
  })
  return finished(JSON.parse(JSON.stringify(made)) as Collection, data, url)
}

const operationsOf = (document: Json): [path: string, method: string, operation: Json][] =>
  Object.entries(document['paths'] as Json).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([method, operation]): [string, string, Json] => [
      path,
      method,
      operation as Json,
    ]),
  )

/** The document with the parameters that have an example, and one kind of body each. */
function prepared(document: Json): Json {
  const copy = structuredClone(document)
  for (const [, , operation] of operationsOf(copy)) {
    operation['parameters'] = (operation['parameters'] as Json[]).filter(
      ({ required, example }) => required === true || example !== undefined,
    )
    // Answers would make the collection ten times as large, and the document has them.
    operation['responses'] = { 200: { description: 'See the API document' } }
    const content = operation['requestBody']?.content as Json | undefined
    const form = content?.['multipart/form-data'] as Json | undefined
    if (content === undefined || form === undefined) continue
    if (form['example'] === undefined) delete content['multipart/form-data']
    else operation['requestBody'].content = { 'multipart/form-data': form }
    for (const field of Object.values(form['schema'].properties as Json))
      if (field.contentMediaType !== undefined) field.format = 'binary'
  }
  return copy
}

function finished(collection: Collection, document: Json, url: string): Collection {
  const known = new Map(
    operationsOf(document).map(([path, method, operation]) => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )
  for (const { item } of collection.item)
    for (const one of item) {
      const operation = known.get(nameOf(one))!
      finish(one, operation)
    }
  const ids = Object.entries(placeholders)
  const text = ids.reduce(
    (whole, [name, value]) => whole.replaceAll(value, `{{${name}}}`),
    JSON.stringify(collection.item),
  )
  const variable = (key: string, value = ''): { key: string; value: string } => ({ key, value })
  return {
    info: {
      name: collection.info['name'],
      schema: collection.info['schema'],
      description: document['info'].description,
      version: document['info'].version,
    },
    item: JSON.parse(text) as Folder[],
    variable: [
      variable('baseUrl', url),
      ...Object.values(tokenOf).map(name => variable(name)),
      ...ids.map(([name, value]) => variable(name, value)),
    ],
  }
}

/** `METHOD /path/{id}`: the name of the operation of a request. */
export const nameOf = ({ request: { method, url } }: Item): string =>
  `${method} /${url.path.map(word => word.replace(/^:(.*)$/, '{$1}')).join('/')}`

function finish(item: Item, operation: Json): void {
  const { request } = item
  request.header ??= []
  request.url.query ??= []
  const roles = operation['x-roles'] as string[] | undefined
  const token = roles === undefined ? undefined : tokenOf[roles[0]!]
  request.auth =
    token === undefined
      ? { type: 'noauth' }
      : { type: 'bearer', bearer: [{ key: 'token', value: `{{${token}}}`, type: 'string' }] }
  const example = operation['requestBody']?.content?.['multipart/form-data']?.example as
    | Json
    | undefined
  // The converter makes up the values of a form, whatever its example says.
  if (request.body?.formdata !== undefined)
    request.body.formdata = request.body.formdata
      .filter(part => example?.[part['key'] as string] !== undefined)
      .map(({ value: _, ...part }) => {
        const given: unknown = example![part['key'] as string]
        return part['type'] === 'file' ? { ...part, src: given } : { ...part, value: String(given) }
      })
  const kept = signsIn[operation['operationId'] as string]
  item.event =
    kept === undefined
      ? []
      : [
          {
            listen: 'test',
            script: {
              type: 'text/javascript',
              exec: [`pm.collectionVariables.set('${kept}', pm.response.json().access_token)`],
            },
          },
        ]
  delete (item as unknown as Json)['response']
  delete (item as unknown as Json)['id']
}
