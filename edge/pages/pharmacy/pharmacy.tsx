/** The page of a pharmacy's manager: the day, orders, drivers and settings. */
import { useEffect, useState } from 'preact/hooks'
import { CalendarPart } from '../../appointments/page/calendar.tsx'
import { DriversPart } from '../../approval/page/drivers.tsx'
import { TalksPart } from '../../conversations/page/talks.tsx'
import { InsightsPart } from '../../insights/page/insights.tsx'
import { JoinForm } from '../../members/page/join.tsx'
import { OrdersPart } from '../../orders/page/orders.tsx'
import { ReportsPart } from '../../reports/page/reports.tsx'
import { Gate } from '../base/gate.tsx'
import { Office } from '../base/office.ts'
import { startPage, Tabs } from '../base/page.tsx'
import { PageSession } from '../base/session.ts'
import { addTexts, say } from '../texts/index.ts'
import { officeAr } from '../texts/office-ar.ts'
import { officeEn } from '../texts/office-en.ts'
import { Held } from './held.tsx'
import { Settings } from './settings.tsx'
import { Today } from './today.tsx'

addTexts({ en: officeEn, ar: officeAr })
const session = new PageSession('pharmacy', ['vendor'])
const office = new Office(session)

const parts = {
  today: Today,
  orders: OrdersPart,
  drivers: DriversPart,
  calendar: CalendarPart,
  talks: TalksPart,
  reports: ReportsPart,
  insights: InsightsPart,
  settings: Settings,
} as const
type Part = keyof typeof parts

/** The parts of the subjects that a notification names. */
const partOfSubject: Readonly<Record<string, Part>> = {
  order: 'orders',
  driver: 'drivers',
  appointment: 'calendar',
  conversation: 'talks',
  document: 'settings',
}

/** The part that the address names, so that a reload or a link opens it again. */
const partOfAddress = (): Part => {
  const named = location.hash.slice(1)
  const name = partOfSubject[named] ?? named
  return Object.hasOwn(parts, name) ? (name as Part) : 'today'
}

function Desk() {
  const [part, setPart] = useState<Part>(partOfAddress)
  const userId = session.user.value?.id
  useEffect(() => {
    office.begin()
    return () => office.end()
  }, [userId])
  useEffect(() => {
    const follow = (): void => setPart(partOfAddress())
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  const waiting = office.drivers.value.filter(one => one.membership === 'pending').length
  const isHeld = ![undefined, 'active'].includes(office.pharmacy.value?.status)
  // A pharmacy that may not work sees its papers and its account.
  const shown = isHeld ? 'settings' : part
  const Shown = parts[shown]
  return (
    <div class="with-tabs">
      <Tabs
        label={say('driver.parts')}
        chosen={shown}
        onChoose={chosen => {
          location.hash = chosen
        }}
        tabs={(isHeld ? ['settings'] : Object.keys(parts)).map(id => ({
          id,
          words: say(`office.${id as Part}`),
          ...(id === 'drivers' && { count: waiting }),
        }))}
      />
      <h1 class="unseen">{say('office.title')}</h1>
      <div class="stack">
        <Held office={office} />
        <Shown office={office} />
      </div>
    </div>
  )
}

startPage({
  session,
  connection: office.connection,
  title: 'office.title',
  lost: 'connection.bar_old',
  gate: () => (
    <Gate
      session={session}
      title="office.title"
      lead="office.lead"
      role="vendor"
      register={
        <div class="stack">
          <JoinForm session={session} />
          <a href="/terminal">{say('office.register')}</a>
        </div>
      }
    />
  ),
  desk: () => <Desk />,
})
