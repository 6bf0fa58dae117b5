/**
 * The form that sends one request as written and shows the raw answer, because this page is for
 * looking at the server.
 */
import { el, messageOf } from '../shared/elements.ts'
import { exampleOf, type OpenApi, type Operation, type Parameter } from './openapi.ts'

interface Request {
  path: string
  method: string
  operation: Operation
}
interface Field {
  name: string
  input: HTMLInputElement
  label: HTMLElement
}
type Sent = string | FormData | undefined

const fieldOf = (
  name: string,
  words: string,
  attributes: Record<string, string | boolean>,
): Field => {
  const input = el('input', { name, autocomplete: 'off', ...attributes })
  return { name, input, label: el('label', {}, el('span', {}, words), input) }
}

/** The form and the element for its answer. */
export function tryForm(spec: OpenApi, request: Request, token: () => string): HTMLElement[] {
  const { parameters, requestBody } = request.operation
  const inputs = parameters.map(parameter => ({ parameter, ...parameterField(parameter) }))
  const json = requestBody?.content['application/json']
  const multipart = requestBody?.content['multipart/form-data']
  const parts = Object.entries(multipart?.schema.properties ?? {}).map(([name, of]) =>
    fieldOf(name, name, { type: of.contentMediaType === undefined ? 'text' : 'file' }),
  )
  const text =
    json === undefined || multipart !== undefined
      ? null
      : el('textarea', { rows: '8', spellcheck: 'false' })
  if (text !== null)
    text.value = JSON.stringify(json!.example ?? exampleOf(spec, json!.schema), null, 2)
  const output = el('pre', { hidden: true, role: 'status' })
  const form = el(
    'form',
    {},
    el('div', { class: 'grid' }, ...[...inputs, ...parts].map(({ label }) => label)),
    text !== null && el('label', {}, el('span', {}, 'Body'), text),
    el('p', {}, el('button', {}, 'Send')),
  )
  form.addEventListener('submit', async event => {
    event.preventDefault()
    output.hidden = false
    output.textContent = '…'
    const headers: Record<string, string> = {}
    if (token() !== '') headers['authorization'] = `Bearer ${token()}`
    if (text !== null) headers['content-type'] = 'application/json'
    const address = addressOf(request.path, inputs, headers)
    const body = multipart === undefined ? text?.value : formOf(parts)
    output.textContent = await send(address, request.method, headers, body).catch(messageOf)
  })
  return [form, output]
}

const parameterField = ({ name, in: place, required }: Parameter): Field =>
  fieldOf(name, `${name} (${place}${required ? '' : ', optional'})`, { required })

/** Fills the path and the query; header parameters go into the headers. */
function addressOf(
  path: string,
  inputs: readonly (Field & { parameter: Parameter })[],
  headers: Record<string, string>,
): string {
  let address = path
  const query = new URLSearchParams()
  for (const { parameter, input } of inputs) {
    if (input.value === '') continue
    if (parameter.in === 'path')
      address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value))
    else if (parameter.in === 'query') query.set(parameter.name, input.value)
    else headers[parameter.name] = input.value
  }
  return query.size > 0 ? `${address}?${query}` : address
}

function formOf(parts: readonly Field[]): FormData {
  const form = new FormData()
  for (const { name, input } of parts) {
    const file = input.files?.[0]
    if (file !== undefined) form.append(name, file)
    else if (input.type !== 'file' && input.value !== '') form.append(name, input.value)
  }
  return form
}

async function send(
  address: string,
  method: string,
  headers: Record<string, string>,
  body: Sent,
): Promise<string> {
  const began = performance.now()
  const answer = await fetch(address, { method, headers, ...(body !== undefined && { body }) })
  const type = answer.headers.get('content-type') ?? ''
  const isText = type === '' || type.includes('json') || type.startsWith('text/')
  const raw = isText ? await answer.text() : `(${type}, ${(await answer.blob()).size} bytes)`
  const shown = type.includes('json') ? JSON.stringify(JSON.parse(raw), null, 2) : raw
  const tookMs = Math.round(performance.now() - began)
  return `${answer.status} ${answer.statusText} in ${tookMs} ms\n\n${shown}`
}
