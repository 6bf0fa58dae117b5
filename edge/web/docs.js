/** The API page: lists the operations of /openapi.json and lets one try them. No library: the document is simple, and a page of documentation must not need somebody else's server. */
const byId = id => document.getElementById(id)
const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children.filter(child => child !== null))
  return made
}
const spec = await (await fetch('/openapi.json')).json()
const resolve = schema =>
  schema?.$ref ? spec.components.schemas[schema.$ref.split('/').at(-1)] : (schema ?? {})

byId('about').textContent =
  `${spec.info.description} Version ${spec.info.version}, OpenAPI ${spec.openapi}: `
byId('about').append(element('a', { href: '/openapi.json', textContent: '/openapi.json' }))
byId('about').append(
  '. NATS subjects and WebSockets, AsyncAPI 3: ',
  element('a', { href: '/asyncapi.json', textContent: '/asyncapi.json' }),
)

/** A value that has the schema's shape, to begin from. */
const example = given => {
  const schema = resolve(given)
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.anyOf) return example(schema.anyOf[0])
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => schema.required?.includes(name))
          .map(([name, of]) => [name, example(of)]),
      )
    case 'array':
      return []
    case 'integer':
    case 'number':
      return schema.minimum > 0 ? schema.minimum : 0
    case 'boolean':
      return false
    case 'string':
      return schema.pattern?.includes('@')
        ? 'user@example.com'
        : schema.pattern?.startsWith('^[+')
          ? '+1234567890'
          : ''
    default:
      return null
  }
}
const shape = given => {
  const schema = resolve(given)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(' | ')
  if (schema.anyOf) return schema.anyOf.map(shape).join(' | ')
  const bounds = [
    ['≥ ', schema.minimum],
    ['≤ ', schema.maximum],
    ['at most ', schema.maxLength],
    ['at least ', schema.minLength],
  ]
    .filter(([, value]) => value !== undefined)
    .map(([word, value]) => word + value)
  return `${schema.type ?? 'any'}${schema.items ? ` of ${shape(schema.items)}` : ''}${bounds.length ? ` (${bounds.join(', ')})` : ''}`
}
const fieldTable = schema => {
  const { properties = {}, required = [] } = resolve(schema)
  if (Object.keys(properties).length === 0) return null
  return element(
    'table',
    {},
    ...Object.entries(properties).map(([name, of]) =>
      element(
        'tr',
        {},
        element(
          'td',
          {},
          element('code', { textContent: name + (required.includes(name) ? '' : '?') }),
        ),
        element('td', { textContent: `${shape(of)} ${of.description ?? ''}` }),
      ),
    ),
  )
}

const operationView = (path, method, operation) => {
  const body = element('div')
  const view = element(
    'details',
    {},
    element(
      'summary',
      {},
      element('span', { className: `method ${method}`, textContent: method }),
      element('code', { textContent: path }),
      element('span', { className: 'summary', textContent: operation.summary }),
      element('span', {
        className: 'roles',
        textContent: operation['x-roles']?.join(', ') ?? 'anybody',
      }),
    ),
    body,
  )
  view.dataset.text =
    `${method} ${path} ${operation.summary} ${operation.operationId} ${operation.tags.join(' ')}`.toLowerCase()
  view.addEventListener('toggle', () => {
    if (view.open && body.childElementCount === 0) fill(body, path, method, operation)
  })
  return view
}

const fill = (body, path, method, operation) => {
  const inputs = operation.parameters.map(parameter => {
    const input = element('input', {
      required: parameter.required,
      name: parameter.name,
      autocomplete: 'off',
    })
    return {
      parameter,
      input,
      label: element(
        'label',
        {},
        element('span', {
          textContent: `${parameter.name} (${parameter.in}${parameter.required ? '' : ', optional'})`,
        }),
        input,
      ),
    }
  })
  const content = operation.requestBody?.content ?? {}
  const json = content['application/json']
  const form = content['multipart/form-data']
  const text =
    json && !form
      ? element('textarea', {
          rows: 8,
          spellcheck: false,
          value: JSON.stringify(json.example ?? example(json.schema), null, 2),
        })
      : null
  const fields = form
    ? Object.entries(form.schema.properties).map(([name, of]) => {
        const input = element('input', { name, type: of.contentMediaType ? 'file' : 'text' })
        return {
          name,
          input,
          label: element('label', {}, element('span', { textContent: name }), input),
        }
      })
    : []
  const output = element('pre', { hidden: true })
  output.setAttribute('role', 'status')
  const send = async event => {
    event.preventDefault()
    const headers = {}
    const query = new URLSearchParams()
    let url = path
    for (const { parameter, input } of inputs) {
      if (input.value === '') continue
      if (parameter.in === 'path')
        url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value))
      else if (parameter.in === 'query') query.set(parameter.name, input.value)
      else headers[parameter.name] = input.value
    }
    if (byId('token').value) headers.authorization = `Bearer ${byId('token').value}`
    let payload
    if (form) {
      payload = new FormData()
      for (const { name, input } of fields) {
        if (input.type === 'file') {
          if (input.files[0]) payload.append(name, input.files[0])
        } else if (input.value) payload.append(name, input.value)
      }
    } else if (text) {
      payload = text.value
      headers['content-type'] = 'application/json'
    }
    output.hidden = false
    output.textContent = '…'
    try {
      const began = performance.now()
      const answer = await fetch(url + (query.size ? `?${query}` : ''), {
        method,
        headers,
        ...(payload !== undefined && { body: payload }),
      })
      const type = answer.headers.get('content-type') ?? ''
      const raw =
        type.includes('json') || type.startsWith('text/') || type === ''
          ? await answer.text()
          : `(${type}, ${(await answer.blob()).size} bytes)`
      const shown = type.includes('json') ? JSON.stringify(JSON.parse(raw), null, 2) : raw
      output.textContent = `${answer.status} ${answer.statusText} in ${Math.round(performance.now() - began)} ms\n\n${shown}`
    } catch (error) {
      output.textContent = String(error)
    }
  }
  const tryForm = element(
    'form',
    { onsubmit: send },
    element('div', { className: 'grid' }, ...inputs.map(i => i.label), ...fields.map(f => f.label)),
    text ? element('label', {}, element('span', { textContent: 'Body' }), text) : null,
    element('p', {}, element('button', { textContent: 'Send' })),
  )
  const shown = Object.values(operation.responses)
    .flatMap(({ content = {} }) => Object.values(content))
    .find(media => media.example !== undefined)?.example
  const requestFields = json ? fieldTable(json.schema) : null
  body.append(
    ...[
      operation.description ? element('p', { textContent: operation.description }) : null,
      requestFields && element('h3', { textContent: 'Body' }),
      requestFields,
      element('h3', { textContent: 'Answers' }),
      element(
        'table',
        {},
        ...Object.entries(operation.responses).map(([status, { description }]) =>
          element(
            'tr',
            {},
            element('td', {}, element('code', { textContent: status })),
            element('td', { textContent: description.replaceAll('`', '') }),
          ),
        ),
      ),
      shown === undefined ? null : element('h3', { textContent: 'For example' }),
      shown === undefined
        ? null
        : element('pre', {
            textContent: typeof shown === 'string' ? shown : JSON.stringify(shown, null, 2),
          }),
      element('h3', { textContent: 'Try it' }),
      tryForm,
      output,
    ].filter(part => part !== null),
  )
}

for (const { name } of spec.tags) {
  const views = Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags[0] === name)
      .map(([method, operation]) => operationView(path, method.toUpperCase(), operation)),
  )
  byId('operations').append(element('section', {}, element('h2', { textContent: name }), ...views))
}

byId('filter').addEventListener('input', ({ target }) => {
  const words = target.value.toLowerCase().split(/\s+/).filter(Boolean)
  for (const view of document.querySelectorAll('details'))
    view.hidden = !words.every(word => view.dataset.text.includes(word))
  for (const section of document.querySelectorAll('section'))
    section.hidden = !section.querySelector('details:not([hidden])')
})
byId('sign-in').addEventListener('submit', async event => {
  event.preventDefault()
  const { email, password } = event.target.elements
  const answer = await fetch('/api/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: email.value, password: password.value }),
  })
  const body = await answer.json()
  byId('who').textContent = answer.ok
    ? `Signed in as ${body.user.full_name} (${body.user.role}).`
    : body.detail
  if (answer.ok) byId('token').value = body.access_token
})
