/**
 * Files on the pages: prescriptions that are opened, answers that are heard. An address that somebody wrote leads
 * nowhere: only a file of this server becomes a link or a player, every other address stays text.
 */
import { CaduceusError, type RestClient } from '../../../protocol/client/index.ts'
import { el, messageOf, setText } from './elements.ts'

const ownPath = /^\/api\/uploads\/file\/[0-9a-f-]{36}$/

/** The address of a file of this server, with the signature that opens it; null for every other text. */
function ownFile(address: string): string | null {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null
  return url !== null && url.origin === location.origin && ownPath.test(url.pathname)
    ? url.pathname + url.search
    : null
}

/** An address of another host, to be read and not to be followed. */
const foreign = (words: string, address: string): HTMLElement =>
  el('span', {}, `${words} elsewhere: `, el('code', {}, address))

/**
 * A link that opens a file in a tab. `fresh` asks for an address that is signed now: the one at hand may be minutes old.
 * The tab shows no token, because the signature is good for this file and for minutes only.
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
    // Opened before the answer comes: a tab that opens later is taken for an advertisement.
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
