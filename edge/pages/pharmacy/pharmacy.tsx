/** The page of a pharmacy's manager: the day, orders, drivers and settings. */
import { useEffect, useState } from 'preact/hooks'
import { DriversPart } from '../../approval/page/drivers.tsx'
import { OrdersPart } from '../../orders/page/orders.tsx'
import { AccountPanel } from '../base/account.tsx'
import { Gate } from '../base/gate.tsx'
import { Office } from '../base/office.ts'
import { startPage, Tabs } from '../base/page.tsx'
import { PageSession } from '../base/session.ts'
import { addTexts, say } from '../texts/index.ts'
import { officeAr } from '../texts/office-ar.ts'
import { officeEn } from '../texts/office-en.ts'
import { Today } from './today.tsx'

addTexts({ en: officeEn, ar: officeAr })
const session = new PageSession('pharmacy', ['vendor'])
const office = new Office(session)

const parts = {
  today: Today,
  orders: OrdersPart,
  drivers: DriversPart,
  settings: () => <AccountPanel session={session} />,
} as const
type Part = keyof typeof parts

/** The part that the address names, so that a reload or a link opens it again. */
const partOfAddress = (): Part => {
  const name = location.hash.slice(1)
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
  const Shown = parts[part]
  return (
    <div class="with-tabs">
      <Tabs
        label={say('driver.parts')}
        chosen={part}
        onChoose={chosen => {
          location.hash = chosen
        }}
        tabs={Object.keys(parts).map(id => ({
          id,
          words: say(`office.${id as Part}`),
          ...(id === 'drivers' && { count: waiting }),
        }))}
      />
      <h1 class="unseen">{say('office.title')}</h1>
      <Shown office={office} />
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
        <p>
          <a href="/terminal">{say('office.register')}</a>
        </p>
      }
    />
  ),
  desk: () => <Desk />,
})
