/**
 * News without an event: the safety of an account, decisions, and what administrators hear. They
 * reach a person who has turned everything off, in the language of the person.
 */
import t from 'tap'
import { RestClient } from '../../protocol/client/index.ts'
import { canTurnOff, notificationKindNames, rowOfKind } from '../../protocol/notifications/kinds.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { createAccount } from '../accounts/accounts.ts'
import { tellAccount } from '../kernel/news.ts'
import { journalWriter } from '../orders/fixture-journal.ts'
import { takeNews } from './take.ts'

const edge = await startFixture({
  REGISTRATION: 'approval',
  PUSH_ALLOW_PRIVATE: '1',
  RATE_LIMIT_AUTH_PER_ADDRESS: '10000',
})
t.teardown(() => edge.stop())
const { call, database } = edge
const { parts } = edge.edge
const url = `http://127.0.0.1:${edge.edge.port}`
const { happen } = journalWriter(database)
const admin = await edge.admin()
type Person = { token: string }
const apiOf = ({ token }: Person) => new RestClient({ url, tokens: { access_token: token } })
async function settled(): Promise<void> {
  for (;;) {
    const { led, more } = await takeNews(parts)
    const { rows } = await database.pool.query('select 1 from account_news limit 1')
    if (led && !more && rows.length === 0) return
  }
}
const kindsOf = async (accountId: string): Promise<string[]> => {
  await settled()
  const { rows } = await database.pool.query(
    'select kind from notifications where account_id = $1 order by id',
    [accountId],
  )
  return rows.map(({ kind }) => String(kind))
}

t.test('a sign-in from a new place is told, one from a known place is not', async t => {
  const customer = await edge.customer()
  const signIn = (agent: string) =>
    call('POST', '/api/auth/login', {
      body: { email: customer.email, password: 'password123' },
      headers: { 'user-agent': agent },
    })
  const told: string[] = []
  await signIn('another program')
  told.push('account.signed_in')
  t.same(await kindsOf(customer.id), told, 'the address alone makes no place known')
  await signIn('another program')
  t.same(await kindsOf(customer.id), told, 'the program at this address is known')
  await database.pool.query(`update sessions set address = '203.0.113.9' where user_id = $1`, [
    customer.id,
  ])
  await signIn('another program')
  told.push('account.signed_in')
  t.same(await kindsOf(customer.id), told, 'the program alone makes no place known')
  await database.pool.query('update sessions set user_agent = null where user_id = $1', [
    customer.id,
  ])
  await signIn('another program')
  told.push('account.signed_in')
  t.same(await kindsOf(customer.id), told, 'a program without a name is nobody’s')
})

t.test('a changed password, role, e-mail and a lost phone are told', async t => {
  const customer = await edge.customer()
  await call('POST', '/api/auth/password/change', {
    token: customer.token,
    body: { current_password: 'password123', new_password: 'another password 1' },
  })
  t.same(await kindsOf(customer.id), ['account.password_changed'])
  const { status } = await call('PATCH', `/api/admin/accounts/${customer.id}`, {
    token: admin.token,
    body: { email: edge.email() },
  })
  t.equal(status, 200)
  t.same(await kindsOf(customer.id), ['account.password_changed', 'account.email_changed'])
})

t.test('a pharmacy hears of each decision, also while it may not work', async t => {
  const { body } = await call('POST', '/api/vendors/register', {
    body: {
      email: edge.email(),
      business_name: 'New Pharmacy',
      phone: '+1234567890',
      password: 'password123',
      address: '123 Main St',
      latitude: 1,
      longitude: 1,
    },
  })
  const { rows } = await database.pool.query('select user_id from vendors where id = $1', [
    body.vendor.id,
  ])
  const accountId = String(rows[0]!['user_id'])
  const decide = (verb: string, more: object = {}) =>
    call('POST', `/api/admin/vendors/${body.vendor.id}/${verb}`, { token: admin.token, body: more })
  await decide('approve')
  await decide('approve')
  await decide('suspend', { reason: 'papers' })
  t.same(await kindsOf(accountId), ['vendor.approved', 'vendor.suspended'])
  const [{ about_kind, about_id }] = (
    await database.pool.query('select * from notifications where account_id = $1', [accountId])
  ).rows as [{ about_kind: string; about_id: string }]
  t.same([about_kind, about_id], ['vendor', body.vendor.id])
})

t.test('every administrator hears once that somebody waits', async t => {
  const { userId } = await createAccount(
    database.kysely,
    parts,
    {
      email: edge.email(),
      full_name: 'Second',
      phone: '',
      role: 'admin',
      password: 'password123',
    },
    async () => null,
  )
  const tell = () =>
    tellAccount(database.kysely, { kind: 'admin.pharmacies_wait', accountId: null }, parts)
  const count = async (id: string) =>
    (await kindsOf(id)).filter(kind => kind === 'admin.pharmacies_wait').length
  await tell()
  const before = await count(admin.id)
  t.equal(await count(userId), 1)
  await tell()
  t.equal(await count(userId), 1, 'until it is read')
  t.equal(await count(admin.id), before)
  const { notifications, unread } = await apiOf(admin).inbox.list({}, 'de')
  t.ok(unread > 0)
  t.ok(notifications.some(({ text }) => text === 'Apotheken warten auf Ihre Entscheidung.'))
  const { preferences } = await apiOf(admin).inbox.preferences()
  t.same(
    preferences.filter(({ kind }) => kind.startsWith('order.')),
    [],
    'no kinds of other roles',
  )
})

t.test('a transaction that fails tells nothing', async t => {
  const customer = await edge.customer()
  await t.rejects(
    database.kysely.transaction().execute(async tx => {
      await tellAccount(tx, { kind: 'account.password_changed', accountId: customer.id }, parts)
      throw new Error('no')
    }),
  )
  t.same(await kindsOf(customer.id), [])
})

t.test(
  'who turns everything off hears what the law and their safety need, in their language',
  async t => {
    const customer = await edge.customer()
    const api = apiOf(customer)
    const { preferences } = await api.inbox.preferences()
    await api.inbox.setPreferences(
      preferences
        .filter(({ can_change }) => can_change)
        .map(({ kind, channel }) => ({ kind, channel, wanted: false })),
    )
    await api.inbox.setSettings({ language: 'de', quiet_hours: { from: '00:00', to: '23:59' } })
    const order = viewOf({ id: newId(), user_id: customer.id, vendor_id: null, driver_id: null })
    await edge.store(order)
    for (const [type, { example }] of Object.entries(orderEvents))
      await happen(order.id, type, example as object)
    for (const kind of notificationKindNames)
      if (rowOfKind(kind).about === 'account' && rowOfKind(kind).to.includes('customer'))
        await tellAccount(database.kysely, { kind, accountId: customer.id }, parts)
    const heard = new Set(await kindsOf(customer.id))
    t.same([...heard].toSorted(), [
      'account.email_changed',
      'account.password_changed',
      'account.phone_lost',
      'account.role_changed',
      'account.signed_in',
      'order.cancelled',
      'order.expired',
      'order.failed',
      'order.rejected',
    ])
    t.same(
      preferences.filter(one => !one.can_change).map(({ kind }) => kind),
      notificationKindNames
        .filter(kind => rowOfKind(kind).to.includes('customer'))
        .flatMap(kind =>
          (['inbox', 'push'] as const)
            .filter(channel => !canTurnOff(kind, channel))
            .map(() => kind),
        ),
    )
    const { notifications } = await api.inbox.list({ limit: 100 }, 'en')
    const texts = notifications.map(({ text }) => text)
    t.ok(texts.includes('Das Passwort Ihres Kontos wurde geändert.'))
    for (const text of texts) t.notMatch(text, /\b(the|your|was)\b/i, 'no English')
  },
)
