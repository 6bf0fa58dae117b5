/**
 * The operators' page. The demo opens it as `/live#token=…` (with `&vendors=id,id` for these
 * pharmacies only), because a fragment never leaves the browser. The fragment is removed from the
 * address bar at once and kept for this tab.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Gate } from '../base/gate.tsx'
import { startPage } from '../base/page.tsx'
import { PageSession } from '../base/session.ts'
import { say } from '../texts/index.ts'
import { City } from './city.ts'
import { Counters, Rate } from './counters.tsx'
import { FleetMap } from './fleet-map.ts'
import { Lists } from './lists.tsx'

interface Link {
  access_token: string
  refresh_token?: string
  vendors: string[]
}

const linkKey = 'caduceus.live.link'
const session = new PageSession('live', ['vendor', 'admin'])
const rate = new Rate()
let map: FleetMap | null = null
const city = new City(session, {
  onMember: (member, isReport) => {
    map?.take(member, isReport)
    if (isReport) map?.show()
  },
  onReports: count => rate.note(count),
  onRead: () => map?.show(),
})

/** The link in the address bar, or that of this tab after a reload. */
function takeLink(): Link | null {
  const given = new URLSearchParams(location.hash.slice(1))
  const access_token = given.get('token') ?? ''
  if (access_token === '')
    return JSON.parse(sessionStorage.getItem(linkKey) ?? 'null') as Link | null
  const refresh_token = given.get('refresh') ?? ''
  const vendors = (given.get('vendors') ?? '').split(',').filter(id => id !== '')
  const link = { access_token, ...(refresh_token !== '' && { refresh_token }), vendors }
  // A refresh token works once; the page's cookie takes its place.
  sessionStorage.setItem(linkKey, JSON.stringify({ access_token, vendors }))
  history.replaceState(null, '', location.pathname)
  return link
}

/** The account that a token names, without a proof; null for a text that is no token. */
function accountIn(token: string): string | null {
  try {
    const [, claims = ''] = token.split('.')
    return (JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as { sub: string })
      .sub
  } catch {
    return null
  }
}

async function begin(): Promise<void> {
  const isNew = location.hash.includes('token=')
  const link = takeLink()
  city.only = new Set(link?.vendors)
  if (link === null) return session.begin()
  // A link of a stranger must not quietly put its account in the place of the person's own.
  const before = isNew ? session.remembered : null
  if (
    before !== null &&
    accountIn(link.access_token) !== before.id &&
    !confirm(say('live.replace', { name: before.full_name }))
  ) {
    sessionStorage.removeItem(linkKey)
    city.only = new Set()
    return session.begin()
  }
  try {
    await session.enterWith(link)
  } catch {
    sessionStorage.removeItem(linkKey)
    city.only = new Set()
    await session.begin()
  }
}
addEventListener('hashchange', () => {
  if (location.hash.includes('token=')) void begin().then(() => city.begin())
})
session.user.subscribe(user => {
  if (user === null) sessionStorage.removeItem(linkKey)
})

function Desk() {
  const holder = useRef<HTMLDivElement>(null)
  const [drawn, setDrawn] = useState<FleetMap | null>(null)
  useEffect(() => {
    const made = new FleetMap(holder.current!, say('live.map'), say('live.no_streets'))
    map = made
    setDrawn(made)
    city.begin()
    return () => {
      city.end()
      made.close()
      map = null
    }
  }, [session.user.value?.id])
  // Every list is drawn anew when it has changed.
  void city.changes.value
  return (
    <div id="desk">
      <h1 class="unseen">{say('live.title')}</h1>
      <div id="map" class="map" ref={holder} />
      {drawn === null ? null : (
        <>
          <Counters city={city} map={drawn} rate={rate} />
          <Lists session={session} city={city} map={drawn} />
        </>
      )}
    </div>
  )
}

startPage({
  session,
  connection: city.connection,
  title: 'live.title',
  begin,
  liveWords: () => say('live.pharmacies_live', { count: city.pharmacies.size }),
  gate: () => <Gate session={session} title="live.title" lead="live.lead" role="vendor" />,
  desk: () => <Desk />,
})
