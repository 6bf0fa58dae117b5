/**
 * One operation of the API page: a line that opens into its fields, its answers and a form to try
 * it.
 */
import { el } from '../shared/elements.ts'
import { resolve, shapeOf, type OpenApi, type Operation, type Schema } from './openapi.ts'
import { tryForm } from './try-form.ts'

export interface Shown {
  path: string
  method: string
  operation: Operation
}

/** `token` gives the access token of the page when a request is sent. */
export function operationView(spec: OpenApi, shown: Shown, token: () => string): HTMLElement {
  const { path, method, operation } = shown
  const body = el('div')
  const view = el(
    'details',
    {},
    el(
      'summary',
      {},
      el('span', { class: `method ${method}` }, method),
      el('code', {}, path),
      el('span', { class: 'summary' }, operation.summary),
      el('span', { class: 'roles' }, operation['x-roles']?.join(', ') ?? 'anybody'),
    ),
    body,
  )
  const words = [method, path, operation.summary, operation.operationId, ...operation.tags]
  view.dataset['text'] = words.join(' ').toLowerCase()
  view.addEventListener('toggle', () => {
    // The details are filled when the operation is first opened, because there are hundreds of
    // operations.
    if (view.open && body.childElementCount === 0) body.append(...parts(spec, shown, token))
  })
  return view
}

function parts(spec: OpenApi, shown: Shown, token: () => string): HTMLElement[] {
  const { description, requestBody, responses } = shown.operation
  const json = requestBody?.content['application/json']
  const fields = json === undefined ? null : fieldTable(spec, json.schema)
  const answers = Object.entries(responses).map(([status, answer]) =>
    row(status, answer.description.replaceAll('`', '')),
  )
  const example = Object.values(responses)
    .flatMap(({ content = {} }) => Object.values(content))
    .find(media => media.example !== undefined)?.example
  return [
    description === undefined ? null : el('p', {}, description),
    fields === null ? null : el('h3', {}, 'Body'),
    fields,
    el('h3', {}, 'Answers'),
    el('table', {}, ...answers),
    example === undefined ? null : el('h3', {}, 'For example'),
    example === undefined ? null : el('pre', {}, textOf(example)),
    el('h3', {}, 'Try it'),
    ...tryForm(spec, shown, token),
  ].filter(part => part !== null)
}

const textOf = (example: unknown): string =>
  typeof example === 'string' ? example : JSON.stringify(example, null, 2)

const row = (name: string, words: string): HTMLElement =>
  el('tr', {}, el('td', {}, el('code', {}, name)), el('td', {}, words))

function fieldTable(spec: OpenApi, schema: Schema): HTMLElement | null {
  const { properties = {}, required = [] } = resolve(spec, schema)
  const rows = Object.entries(properties).map(([name, of]) =>
    row(
      `${name}${required.includes(name) ? '' : '?'}`,
      `${shapeOf(spec, of)} ${of.description ?? ''}`,
    ),
  )
  return rows.length === 0 ? null : el('table', {}, ...rows)
}
