/** Finding the place by its address, where the server can look addresses up. */
import { useEffect, useState } from 'preact/hooks'
import type { RestClient } from '../../../protocol/client/index.ts'
import { Field, problemText } from '../base/form.tsx'
import { say } from '../texts/index.ts'
import { choosePlace } from './place.ts'

interface Found {
  address: string
  latitude: number
  longitude: number
}
interface Answer {
  available: boolean
  places: readonly Found[]
}

const charactersMin = 3

/**
 * The field and the places that were found. It asks by a press and not at each key, because public
 * services of the kind forbid that.
 */
export function AddressSearch({ api }: { api: RestClient }) {
  const [isThere, setThere] = useState(false)
  const [text, setText] = useState('')
  const [found, setFound] = useState<readonly Found[] | null>(null)
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const ask = (query: { text?: string }): Promise<Answer> =>
    api.call<Answer>('GET', '/api/places', { query })
  useEffect(() => {
    ask({})
      .then(({ available }) => setThere(available))
      .catch(() => undefined)
  }, [])
  if (!isThere) return null
  const search = async (): Promise<void> => {
    if (text.trim().length < charactersMin || isBusy) return
    setProblem('')
    setBusy(true)
    try {
      setFound((await ask({ text })).places)
    } catch (error) {
      setProblem(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  const choose = (one: Found): void => {
    choosePlace(one, one.address)
    setFound(null)
  }
  return (
    <div role="search" aria-label={say('place.search')}>
      <div class="row say">
        <Field
          label={say('place.address')}
          type="search"
          maxLength={300}
          autocomplete="street-address"
          value={text}
          onInput={event => setText(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key !== 'Enter') return
            // The field stands in the form of the order, which this key would send.
            event.preventDefault()
            void search()
          }}
        />
        <button type="button" class="quiet" disabled={isBusy} onClick={() => void search()}>
          {say('place.search')}
        </button>
      </div>
      <ul class="list" aria-live="polite">
        {(found ?? []).map(one => (
          <li key={`${one.latitude} ${one.longitude}`}>
            <button type="button" class="plain" onClick={() => choose(one)}>
              {one.address}
            </button>
          </li>
        ))}
        {found?.length === 0 ? <li>{say('place.nothing')}</li> : null}
      </ul>
      <p class="error" role="alert">
        {problem}
      </p>
    </div>
  )
}
