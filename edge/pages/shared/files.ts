/**
 * Files on the pages: opening prescriptions and playing answers. A URL that somebody wrote is not
 * followed: only a file of this server becomes a link or a player, every other URL stays text.
 */
import { CaduceusError, type RestClient } from '../../../protocol/client/index.ts'
import { el, messageOf, setText } from './elements.ts'

const ownPath = /^\/api\/uploads\/file\/[0-9a-f-]{36}$/

/** The URL of a file of this server, with its signature; null for any other text. */
function ownFile(address: string): string | null {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null
  return url !== null && url.origin === location.origin && ownPath.test(url.pathname)
    ? url.pathname + url.search
    : null
}

/** A URL of another host, as text. */
const foreign = (words: string, address: string): HTMLElement =>
  el('span', {}, `${words} elsewhere: `, el('code', {}, address))

/**
 * A link that opens a file in a tab. `fresh` asks for a newly signed URL, because the present one
 * may be minutes old. The tab needs no token: the signature is valid for this file only, and only
 * for a few minutes.
 */
export function fileLink(
  words: string,
  address: string,
  fresh: () => Promise<string | null>,
): HTMLElement {
  const own = ownFile(address)
  if (own === null) return foreign(words, address)
  const link = el('a', { href: own, target: '_blank', rel: 'noopener' }, words)
  link.addEventListener('click', event => {
    event.preventDefault()
    // The tab opens before the answer comes, because a browser blocks a tab that opens later.
    const tab = window.open('', '_blank')
    if (tab !== null) tab.opener = null
    fresh()
      .then(now => {
        const path = ownFile(now ?? '')
        if (path === null) throw new CaduceusError('not_found', 'There is no file any more')
        if (tab === null) location.assign(path)
        else tab.location.replace(path)
      })
      .catch((error: unknown) => {
        tab?.close()
        setText(link, `${words}: ${messageOf(error)}`)
      })
  })
  return link
}

/** A button that fetches a spoken answer with the sign-in of the page and becomes its player. */
export function player(api: RestClient, words: string, address: string): HTMLElement {
  const own = ownFile(address)
  if (own === null) return foreign(words, address)
  const button = el('button', { type: 'button', class: 'plain small' }, words)
  const place = el('span', {}, button)
  button.addEventListener('click', async () => {
    button.disabled = true
    try {
      const src = URL.createObjectURL(await api.downloadFile(own))
      const audio = el('audio', { controls: true, src, 'aria-label': words })
      place.replaceChildren(audio)
      await audio.play()
    } catch (error) {
      if (button.isConnected) setText(button, `${words}: ${messageOf(error)}`)
    } finally {
      button.disabled = false
    }
  })
  return place
}
