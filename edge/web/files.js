/**
 * Files on the pages: prescriptions that are sent and opened, answers that are heard. An address that somebody
 * wrote leads nowhere: only what is a file of this server becomes a link or a player, the rest stays text.
 */
import { ApiError, el, setText } from './app.js'

const ownPath = /^\/api\/uploads\/file\/[0-9a-f-]{36}$/

/** The address of a file of this server, with what opens it; null for every other text. */
function ownFile(address) {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null
  return url !== null && url.origin === location.origin && ownPath.test(url.pathname)
    ? url.pathname + url.search
    : null
}

/** An address of another host, to be read and not to be followed. */
const foreign = (words, address) => el('span', {}, `${words} elsewhere: `, el('code', {}, address))

/** A link to a file. `fresh` gives an address that opens it now: the one at hand may be minutes old. */
export function fileLink(words, address, fresh) {
  const own = ownFile(address)
  if (own === null) return foreign(words, address)
  return el(
    'a',
    {
      href: own,
      target: '_blank',
      rel: 'noopener',
      onclick: event => {
        event.preventDefault()
        const link = event.currentTarget
        // Opened before the answer comes: a tab that opens later is taken for an advertisement.
        const tab = window.open('', '_blank')
        if (tab !== null) tab.opener = null
        fresh()
          .then(now => {
            const path = ownFile(now)
            if (path === null) throw new ApiError(404, { detail: 'There is no file any more' })
            if (tab === null) location.assign(path)
            else tab.location.replace(path)
          })
          .catch(error => {
            tab?.close()
            setText(link, `${words}: ${error.message}`)
          })
      },
    },
    words,
  )
}

/** A button that fetches a spoken answer and becomes its player. */
export function player(account, words, address) {
  const own = ownFile(address)
  if (own === null) return foreign(words, address)
  const place = el('span', {})
  const button = el(
    'button',
    {
      type: 'button',
      class: 'plain small',
      onclick: async () => {
        button.disabled = true
        try {
          const sound = await account.fetch(own)
          const audio = el('audio', {
            controls: true,
            src: URL.createObjectURL(sound),
            'aria-label': words,
          })
          place.replaceChildren(audio)
          await audio.play()
        } catch (error) {
          if (button.isConnected) setText(button, `${words}: ${error.message}`)
        } finally {
          button.disabled = false
        }
      },
    },
    words,
  )
  place.append(button)
  return place
}

/** Sends a chosen file; the URL by which an order names it, or null when none was chosen. */
export async function sendFile(account, kind, file) {
  if (!(file instanceof File) || file.size === 0) return null
  const form = new FormData()
  form.set('file', file)
  return (await account.call('POST', `/api/uploads/${kind}`, { form })).url
}
