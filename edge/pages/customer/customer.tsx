/**
 * The customer's page: ask the pharmacies around a place or order from one, see their answers, watch
 * the driver come, write, rate, and book appointments.
 */
import { useEffect, useState } from 'preact/hooks'
import { PushSwitch } from '../../push/page/switch.tsx'
import { AccountPanel } from '../base/account.tsx'
import { Action, Form } from '../base/form.tsx'
import { Gate, PersonFields } from '../base/gate.tsx'
import { startPage, Tabs } from '../base/page.tsx'
import { PageSession } from '../base/session.ts'
import { listPharmacies } from '../shared/pharmacies.ts'
import { custodyAr } from '../texts/custody-ar.ts'
import { custodyEn } from '../texts/custody-en.ts'
import { addTexts, say } from '../texts/index.ts'
import { Appointments } from './appointments.tsx'
import { Ask } from './ask.tsx'
import { CustomerMap } from './map.tsx'
import { OrderCard } from './order-card.tsx'
import { Orders, ordersThat } from './orders.ts'

const pharmaciesShown = 200
addTexts({ en: custodyEn, ar: custodyAr })
const session = new PageSession('customer', ['user'])
const orders = new Orders(session)

function Desk() {
  const [tab, setTab] = useState('orders')
  const user = session.user.value
  useEffect(() => {
    orders.begin()
    listPharmacies(session.api, { limit: pharmaciesShown, isActive: true })
      .then(found => {
        orders.pharmacies.value = found
      })
      .catch(() => {
        // A map without pharmacies can still send a request.
      })
    return () => orders.forget()
  }, [user?.id])
  return (
    <div class="with-tabs" id="desk">
      <Tabs
        label={say('driver.parts')}
        chosen={tab}
        onChoose={setTab}
        tabs={[
          { id: 'orders', words: say('customer.orders') },
          { id: 'appointments', words: say('customer.appointments') },
          { id: 'account', words: say('driver.account') },
        ]}
      />
      <h1 class="unseen">{say('customer.title')}</h1>
      {tab === 'orders' ? <OrdersPart /> : null}
      {tab === 'appointments' ? <Appointments orders={orders} /> : null}
      {tab === 'account' ? (
        <div class="stack">
          <PushSwitch session={session} />
          <AccountPanel session={session} />
        </div>
      ) : null}
    </div>
  )
}

function OrdersPart() {
  const running = ordersThat(orders.views.value, false)
  const past = ordersThat(orders.views.value, true)
  return (
    <div class="beside">
      <div class="stack">
        {running.length === 0 ? null : (
          <section aria-labelledby="orders-title">
            <h2 id="orders-title">{say('customer.under_way')}</h2>
            <ul id="orders" class="cards">
              {running.map(view => (
                <OrderCard key={view.id} orders={orders} view={view} />
              ))}
            </ul>
          </section>
        )}
        <Ask orders={orders} />
        {past.length === 0 && orders.hasAll.value ? null : (
          <section aria-labelledby="past-title">
            <h2 id="past-title">{say('history.title')}</h2>
            <ul id="past" class="cards">
              {past.map(view => (
                <OrderCard key={view.id} orders={orders} view={view} />
              ))}
            </ul>
            {orders.hasAll.value ? null : (
              <Action class="plain" onAct={() => orders.more()}>
                {say('history.more')}
              </Action>
            )}
          </section>
        )}
      </div>
      <div class="map-first sticky stack">
        <CustomerMap orders={orders} />
        <p id="said" class="small soft" role="status">
          {orders.said.value}
        </p>
      </div>
    </div>
  )
}

function Register() {
  return (
    <Form
      id="register"
      submit={say('register.submit')}
      onSubmit={({ full_name = '', email = '', phone = '', password = '' }) =>
        session.enter(api => api.register({ full_name, email, phone, password, role: 'user' }))
      }
    >
      <h2>{say('register.title')}</h2>
      <PersonFields />
    </Form>
  )
}

startPage({
  session,
  connection: orders.connection,
  title: 'customer.title',
  gate: () => (
    <Gate
      session={session}
      title="customer.title"
      lead="customer.lead"
      role="user"
      register={<Register />}
    />
  ),
  desk: () => <Desk />,
})
