/**
 * The API page: it lists the operations of /openapi.json and sends requests. It uses no library,
 * because the document is simple and a page of documentation must not need another server.
 */
import { RestClient } from '../../../protocol/client/index.ts'
import { byId, el, messageOf, setText } from '../shared/elements.ts'
import { textsOf } from '../shared/forms.ts'
import type { OpenApi } from './openapi.ts'
import { operationView } from './operation.ts'

const tokenInput = byId('token', HTMLInputElement)
const api = new RestClient({ url: location.origin })

const link = (href: string): HTMLElement => el('a', { href }, href)

async function showDocument(): Promise<void> {
  const spec = await api.call<OpenApi>('GET', '/openapi.json')
  const { description, version } = spec.info
  byId('about').replaceChildren(
    `${description} Version ${version}, OpenAPI ${spec.openapi}: `,
    link('/openapi.json'),
    '. NATS subjects and WebSockets, AsyncAPI 3: ',
    link('/asyncapi.json'),
  )
  for (const { name } of spec.tags) {
    const views = Object.entries(spec.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags[0] === name)
        .map(([method, operation]) =>
          operationView(
            spec,
            { path, method: method.toUpperCase(), operation },
            () => tokenInput.value,
          ),
        ),
    )
    byId('operations').append(el('section', {}, el('h2', {}, name), ...views))
  }
}

byId('filter', HTMLInputElement).addEventListener('input', () => {
  const words = byId('filter', HTMLInputElement).value.toLowerCase().split(/\s+/).filter(Boolean)
  for (const view of document.querySelectorAll('details'))
    view.hidden = !words.every(word => view.dataset['text']!.includes(word))
  for (const section of document.querySelectorAll('section'))
    section.hidden = section.querySelector('details:not([hidden])') === null
})

const signIn = byId('sign-in', HTMLFormElement)
signIn.addEventListener('submit', async event => {
  event.preventDefault()
  setText(byId('refusal'), '')
  const { email = '', password = '' } = textsOf(new FormData(signIn))
  try {
    const { full_name, role } = await api.login(email, password)
    setText(byId('who'), `Signed in as ${full_name} (${role}).`)
    tokenInput.value = api.tokens!.access_token
  } catch (error) {
    setText(byId('refusal'), messageOf(error))
  }
})

showDocument().catch((error: unknown) => setText(byId('about'), messageOf(error)))
