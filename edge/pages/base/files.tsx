/**
 * Files on the pages: opening them and hearing them. A URL that somebody wrote is not followed: only
 * a file of this server becomes a link or a player, every other URL stays text.
 */
import type { TargetedEvent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { CaduceusError, type RestClient } from '../../../protocol/client/index.ts'
import { say } from '../texts/index.ts'
import { Action, problemText } from './form.tsx'

const ownPath = /^\/api\/uploads\/file\/[0-9a-f-]{36}$/

/** The URL of a file of this server, with its signature; null for any other text. */
function ownFile(address: string): string | null {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null
  return url !== null && url.origin === location.origin && ownPath.test(url.pathname)
    ? url.pathname + url.search
    : null
}

/** A URL of another host, as text. */
function Foreign({ words, address }: { words: string; address: string }) {
  return (
    <span>
      {say('file.elsewhere', { file: words })} <code>{address}</code>
    </span>
  )
}

interface FileLinkProps {
  words: string
  address: string
  /** Asks for a newly signed URL, because the present one may be minutes old. */
  fresh(): Promise<string | null>
}

/**
 * A link that opens a file in a tab. The tab needs no token: the signature is valid for this file
 * only, and only for a few minutes.
 */
export function FileLink({ words, address, fresh }: FileLinkProps) {
  const [problem, setProblem] = useState('')
  const own = ownFile(address)
  if (own === null) return <Foreign words={words} address={address} />
  const open = (event: TargetedEvent<HTMLAnchorElement>): void => {
    event.preventDefault()
    setProblem('')
    // The tab opens before the answer comes, because a browser blocks a tab that opens later.
    const tab = window.open('', '_blank')
    if (tab !== null) tab.opener = null
    fresh()
      .then(now => {
        const path = ownFile(now ?? '')
        if (path === null) throw new CaduceusError('not_found', say('file.gone'))
        if (tab === null) location.assign(path)
        else tab.location.replace(path)
      })
      .catch((error: unknown) => {
        tab?.close()
        setProblem(problemText(error))
      })
  }
  return (
    <>
      <a href={own} target="_blank" rel="noopener" onClick={open}>
        {words}
      </a>
      <span class="error" role="alert">
        {problem}
      </span>
    </>
  )
}

interface OwnFileProps {
  api: RestClient
  address: string
  words: string
}

/** The bytes of a file under an address of this tab, which is given up with the element. */
function useBytes(api: RestClient): [Loaded | null, (path: string | null) => Promise<void>] {
  const [loaded, setLoaded] = useState<Loaded | null>(null)
  useEffect(() => () => void (loaded !== null && URL.revokeObjectURL(loaded.address)), [loaded])
  const load = async (path: string | null): Promise<void> => {
    if (path === null) return setLoaded(null)
    const file = await api.downloadFile(path)
    setLoaded({ address: URL.createObjectURL(file), type: file.type })
  }
  return [loaded, load]
}

interface Loaded {
  address: string
  type: string
}

/** A button that fetches a spoken message with the sign-in of the page and becomes its player. */
export function Player({ api, address, words }: OwnFileProps) {
  const [loaded, load] = useBytes(api)
  const own = ownFile(address)
  if (own === null) return <Foreign words={words} address={address} />
  return loaded === null ? (
    <Action class="plain small" onAct={() => load(own)}>
      {words}
    </Action>
  ) : (
    <audio controls autoPlay src={loaded.address} aria-label={words} />
  )
}

/** A button that shows a picture beside its text. A file that is no picture opens by its link. */
export function Picture({ api, address, words }: OwnFileProps) {
  const [loaded, load] = useBytes(api)
  const own = ownFile(address)
  if (own === null) return null
  return (
    <>
      <Action class="plain small" onAct={() => load(loaded === null ? own : null)}>
        {say(loaded === null ? 'file.show' : 'file.hide')}
      </Action>
      {loaded === null ? null : loaded.type.startsWith('image/') ? (
        <img class="paper" src={loaded.address} alt={words} />
      ) : (
        <span class="soft small">{say('file.no_picture')}</span>
      )}
    </>
  )
}

/** Time after which the browser has surely begun to read a file, in ms. */
const readMs = 60_000

interface SaveFileProps {
  words?: string
  /** The name of the saved file. */
  name: string
  fetch(): Promise<Blob>
}

/** A button that fetches a file of this server with the sign-in of the page and saves it. */
export function SaveFile({ words = say('action.save_csv'), name, fetch }: SaveFileProps) {
  const save = async (): Promise<void> => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await fetch())
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), readMs)
  }
  return (
    <Action class="quiet" onAct={save}>
      {words}
    </Action>
  )
}
