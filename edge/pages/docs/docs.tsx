/**
 * The API page: a delivery in eight steps that run as they stand, and the reference by Swagger UI,
 * which comes from the package and asks nobody else for anything.
 */
import { render } from 'preact'
import { useState } from 'preact/hooks'
import { problemText } from '../base/form.tsx'
import { byId } from '../shared/elements.ts'
import { Delivery, people, steps, type Person } from './steps.ts'

interface SwaggerUi {
  preauthorizeApiKey(scheme: string, token: string): unknown
}
declare const SwaggerUIBundle: (options: object) => SwaggerUi

const tokenKey = 'caduceus.docs.token'
const scheme = 'bearer'
interface Authorizing {
  bearer?: { value?: string }
}
type Act = (payload: Authorizing) => unknown

/** Keeps the token in this tab, so that a reload does not lose it. */
const keepToken = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (original: Act) => (payload: Authorizing) => {
          const token = payload.bearer?.value
          if (typeof token === 'string') sessionStorage.setItem(tokenKey, token)
          return original(payload)
        },
        logout: (original: Act) => (payload: Authorizing) => {
          sessionStorage.removeItem(tokenKey)
          return original(payload)
        },
      },
    },
  },
})

const dark = matchMedia('(prefers-color-scheme: dark)')
const showTheme = (): void => {
  document.documentElement.classList.toggle('dark-mode', dark.matches)
}
showTheme()
dark.addEventListener('change', showTheme)

// The library brings the main part of the page, and there may be only one.
const frame = document.createElement('div')
frame.append(...byId('main').childNodes)
byId('main').replaceWith(frame)
frame.id = 'main'

const ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  // A link inside of each button would be out of the reach of a screen reader.
  deepLinking: false,
  docExpansion: 'none',
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  plugins: [keepToken],
  onComplete() {
    const token = sessionStorage.getItem(tokenKey)
    if (token !== null) ui.preauthorizeApiKey(scheme, token)
  },
})

/** What the library leaves out for the keyboard and for screen readers. */
function mend(): void {
  const reference = byId('reference')
  for (const text of reference.querySelectorAll('.microlight, .curl'))
    text.setAttribute('tabindex', '0')
  const server = reference.querySelector('.scheme-container')
  server?.setAttribute('role', 'region')
  server?.setAttribute('aria-label', 'Server and sign-in')
  reference.querySelector('.filter')?.setAttribute('role', 'search')
  reference.querySelector('#servers')?.setAttribute('aria-label', 'Server')
}
new MutationObserver(mend).observe(byId('reference'), { childList: true, subtree: true })

interface Outcome {
  text: string
  isRefused: boolean
}

function Steps() {
  const [delivery] = useState(() => new Delivery())
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([])
  const [isBusy, setBusy] = useState(false)
  const [who, setWho] = useState<Person | null>(null)
  const next = outcomes.findLast(() => true)?.isRefused === true ? -1 : outcomes.length
  const run = async (count: number): Promise<void> => {
    setBusy(true)
    const done = [...outcomes]
    for (let index = outcomes.length; index < count; index++) {
      try {
        const answer = await delivery.run(index)
        done.push({ text: JSON.stringify(answer, null, 2), isRefused: false })
      } catch (error) {
        done.push({ text: problemText(error), isRefused: true })
      }
      setOutcomes([...done])
      if (done.at(-1)!.isRefused) break
    }
    setBusy(false)
  }
  const becomeOne = (person: Person): void => {
    ui.preauthorizeApiKey(scheme, delivery.tokenOf(person)!)
    setWho(person)
  }
  return (
    <>
      <h2 id="steps-title">A delivery in eight steps</h2>
      <p class="soft">
        Each step makes a real call on this server, with made-up people that only you know.
      </p>
      <ol class="delivery">
        {steps.map(({ title, operation }, index) => {
          const outcome = outcomes[index]
          return (
            <li key={title} data-state={outcome === undefined ? 'open' : 'done'}>
              {title} <code>{operation}</code>
              {outcome === undefined ? null : (
                <details open={outcome.isRefused}>
                  <summary>{outcome.isRefused ? 'Refused' : 'The answer'}</summary>
                  <pre tabIndex={0} role="region" aria-label={`Answer to: ${title}`}>
                    {outcome.text}
                  </pre>
                </details>
              )}
            </li>
          )
        })}
      </ol>
      <div class="row">
        <button
          type="button"
          disabled={isBusy || next < 0 || next >= steps.length}
          onClick={() => void run(next + 1)}
        >
          Run the next step
        </button>
        <button
          type="button"
          class="quiet"
          disabled={isBusy || next < 0 || next >= steps.length}
          onClick={() => void run(steps.length)}
        >
          Run all
        </button>
        {people
          .filter(person => delivery.tokenOf(person) !== null)
          .map(person => (
            <button
              key={person}
              type="button"
              class="quiet"
              aria-pressed={who === person}
              onClick={() => becomeOne(person)}
            >
              Try below as the {person}
            </button>
          ))}
      </div>
    </>
  )
}

render(<Steps />, byId('steps'))
