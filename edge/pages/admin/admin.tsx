/**
 * The page of administrators: who may work, people's papers and accounts, any order with its
 * history, appeals, the audit trail, keys, and how the deployment is.
 */
import { useEffect, useState } from 'preact/hooks'
import { AccountPanel } from '../base/account.tsx'
import { Gate } from '../base/gate.tsx'
import { startPage, Tabs } from '../base/page.tsx'
import { say } from '../texts/index.ts'
import { Accounts } from './accounts.tsx'
import { Appeals } from './appeals.tsx'
import { Approvals } from './approvals.tsx'
import { Audit } from './audit.tsx'
import { ConfigurationPart } from './configuration.tsx'
import { begin, connection, end, session, unread } from './desk.ts'
import { Keys } from './keys.tsx'
import { Orders } from './orders.tsx'
import { Papers } from './papers.tsx'
import { Today } from './today.tsx'
import { Work } from './work.tsx'

const parts = [
  'today',
  'approvals',
  'papers',
  'accounts',
  'orders',
  'appeals',
  'audit',
  'work',
  'keys',
  'configuration',
  'account',
] as const
type Part = (typeof parts)[number]

/** The part in the address, so that a link or a reload opens the same one. */
const partInAddress = (): Part => parts.find(part => location.hash === `#${part}`) ?? 'today'

function Desk() {
  const [part, setPart] = useState(partInAddress)
  const go = (chosen: string): void => {
    history.replaceState(null, '', `#${chosen}`)
    setPart(chosen as Part)
  }
  const userId = session.user.value?.id
  useEffect(() => {
    begin()
    return end
  }, [userId])
  useEffect(() => {
    const follow = (): void => setPart(partInAddress())
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return (
    <div class="with-tabs" id="desk">
      <Tabs
        label={say('driver.parts')}
        chosen={part}
        onChoose={go}
        tabs={parts.map(id => ({
          id,
          words: say(id === 'account' ? 'driver.account' : `admin.${id}`),
          ...(id === 'today' && { count: unread.value }),
        }))}
      />
      <h1 class="unseen">{say('admin.title')}</h1>
      {part === 'today' ? <Today onGo={go} /> : null}
      {part === 'approvals' ? <Approvals /> : null}
      {part === 'papers' ? <Papers /> : null}
      {part === 'accounts' ? <Accounts /> : null}
      {part === 'orders' ? <Orders /> : null}
      {part === 'appeals' ? <Appeals /> : null}
      {part === 'audit' ? <Audit /> : null}
      {part === 'work' ? <Work /> : null}
      {part === 'keys' ? <Keys /> : null}
      {part === 'configuration' ? <ConfigurationPart /> : null}
      {part === 'account' ? <AccountPanel session={session} /> : null}
    </div>
  )
}

startPage({
  session,
  connection,
  title: 'admin.title',
  gate: () => <Gate session={session} title="admin.title" lead="admin.lead" />,
  desk: () => <Desk />,
})
