/** Joins the parts of a page: the end of its header, and the gate or the desk in its middle. */
import { render, type ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { pageLanguages, type PageLanguage } from '../../../protocol/kernel/languages.ts'
import { byId } from '../shared/elements.ts'
import { chooseLanguage, language, languageNames, say, type TextKey } from '../texts/index.ts'
import { ConnectionPill, LostBar, type ConnectionState } from './connection.tsx'
import { problemText } from './form.tsx'
import type { PageSession } from './session.ts'

interface Parts {
  session: PageSession
  connection: ConnectionState
  /** The title of the tab. */
  title: TextKey
  /** The number before the title, of what waits for the person. */
  count?: () => number
  /** What a lost connection means on this page. */
  lost?: TextKey
  gate: () => ComponentChildren
  desk: () => ComponentChildren
  /**
   * True when the desk can be shown to the person of the last visit, although there is no network
   * to ask who is signed in.
   */
  worksOffline?: boolean
  /** Takes up a sign-in; absent: that of the last visit. */
  begin?: () => Promise<void>
  /** The words of the pill while the page is connected; absent: that it is live. */
  liveWords?: () => string
}

/** Draws the page and takes up the sign-in of the last visit. */
export function startPage(parts: Parts): void {
  const { session } = parts
  const main = byId('main')
  main.replaceChildren()
  render(<Bar {...parts} />, byId('bar'))
  render(<Middle {...parts} />, main)
  const begin = (): void => {
    const began = parts.begin?.() ?? session.begin()
    began.catch((error: unknown) => {
      const known = parts.worksOffline === true ? session.remembered : null
      if (known !== null) {
        session.user.value = known
        return
      }
      main.textContent = problemText(error)
      addEventListener('online', () => location.reload(), { once: true })
    })
  }
  begin()
}

function Bar({ session, connection, liveWords }: Parts) {
  const user = session.user.value
  return (
    <>
      {user === null || user === undefined ? null : (
        <>
          <ConnectionPill connection={connection} liveWords={liveWords} />
          <strong class="who">{user.full_name}</strong>
          <button type="button" class="plain" onClick={() => void session.leave()}>
            {say('action.sign_out')}
          </button>
        </>
      )}
      <LanguageChoice />
    </>
  )
}

/** The control with which a visitor chooses the language. */
export function LanguageChoice() {
  return (
    <select
      class="language"
      aria-label={say('field.language')}
      value={language.value}
      onChange={event => chooseLanguage(event.currentTarget.value as PageLanguage)}
    >
      {Object.keys(pageLanguages).map(name => (
        <option key={name} value={name} lang={name}>
          {languageNames[name as PageLanguage]}
        </option>
      ))}
    </select>
  )
}

function Middle({ session, connection, title, count, lost, gate, desk }: Parts) {
  const user = session.user.value
  const waiting = count?.() ?? 0
  useEffect(() => {
    const name = `${say(title)} · Caduceus`
    document.title = waiting > 0 ? `(${waiting.toLocaleString(language.value)}) ${name}` : name
  }, [language.value, waiting])
  if (user === undefined) return <p class="soft">{say('state.loading')}</p>
  if (user === null) return <>{gate()}</>
  return (
    <>
      <LostBar connection={connection} words={lost ?? 'connection.bar'} />
      {desk()}
    </>
  )
}

interface TabsProps {
  label: string
  tabs: readonly { id: string; words: string; count?: number }[]
  chosen: string
  onChoose(id: string): void
}

/** The parts of a page, of which one is shown. On a phone they stand at the lower edge. */
export function Tabs({ label, tabs, chosen, onChoose }: TabsProps) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ id, words, count = 0 }) => (
        <button
          key={id}
          type="button"
          aria-current={id === chosen ? 'page' : undefined}
          onClick={() => onChoose(id)}
        >
          {words}
          {count > 0 ? <span class="badge">{count.toLocaleString(language.value)}</span> : null}
        </button>
      ))}
    </nav>
  )
}
