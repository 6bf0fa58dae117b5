/** Accounts: found by role, e-mail or phone; made, given another role, held and ended. */
import { useState } from 'preact/hooks'
import type { Account } from '../../../protocol/client/index.ts'
import { Action, Choice, Field, Form } from '../base/form.tsx'
import { dayAndTime } from '../base/format.ts'
import { PasswordField } from '../base/gate.tsx'
import { say } from '../texts/index.ts'
import { session } from './desk.ts'
import { Paged } from './paged.tsx'

interface AdministeredAccount extends Account {
  is_active: boolean
  created_at: string
}
const roles = ['user', 'vendor', 'driver', 'admin'] as const
type Role = (typeof roles)[number]
const roleOptions = () => roles.map(role => [role, say(`role.${role}`)] as const)

const path = '/api/admin/accounts'

/** The search, its results, and the form for a new account. */
export function Accounts() {
  const [asked, setAsked] = useState<Readonly<Record<string, string>>>({})
  const [made, setMade] = useState(0)
  return (
    <div class="columns">
      <section class="panel">
        <h2>{say('admin.accounts')}</h2>
        <Form
          id="find-account"
          class="filters"
          submit={say('admin.search')}
          onSubmit={async given => {
            setAsked(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')))
          }}
        >
          <Field label={say('field.email')} name="email" type="email" />
          <Field label={say('field.phone')} name="phone" type="tel" />
          <Choice
            label={say('admin.role')}
            name="role"
            options={[['', say('admin.any')], ...roleOptions()]}
          />
          <Choice
            label={say('admin.state')}
            name="is_active"
            options={[
              ['', say('admin.any')],
              ['true', say('account.active')],
              ['false', say('account.held')],
            ]}
          />
        </Form>
        <Paged<AdministeredAccount>
          label={say('admin.accounts')}
          of={`${JSON.stringify(asked)} ${made}`}
          empty={say('admin.nothing')}
          keyOf={row => row.id}
          load={async cursor => {
            const { accounts, next_cursor } = await session.api.call<{
              accounts: AdministeredAccount[]
              next_cursor: string | null
            }>('GET', path, { query: { cursor, ...asked } })
            return { rows: accounts, next: next_cursor }
          }}
        >
          {(row, reload) => <AccountRow account={row} reload={reload} />}
        </Paged>
      </section>
      <NewAccount onMade={() => setMade(made + 1)} />
    </div>
  )
}

function AccountRow({
  account,
  reload,
}: {
  account: AdministeredAccount
  reload: () => Promise<void>
}) {
  const [isChanging, setChanging] = useState(false)
  const own = account.id === session.user.value?.id
  const change = async (body: object): Promise<void> => {
    await session.api.call('PATCH', `${path}/${account.id}`, { body })
    await reload()
  }
  const named = (words: string): string => `${words}: ${account.email}`
  return (
    <article data-account={account.id}>
      <div class="row spread">
        <span>
          <strong>{account.full_name}</strong>{' '}
          <span class="soft small">
            {account.email} · {account.phone} · {dayAndTime(account.created_at)}
          </span>
        </span>
        <span class="row">
          <span class="pill">{say(`role.${account.role}`)}</span>
          {account.is_active ? null : (
            <span class="pill" data-tone="bad">
              {say('account.held')}
            </span>
          )}
        </span>
      </div>
      {own ? (
        <p class="soft small">{say('admin.own_account')}</p>
      ) : (
        <div class="row">
          {account.is_active ? (
            <Action
              class="quiet"
              confirm={say('admin.hold_really')}
              label={named(say('admin.hold'))}
              onAct={() => change({ is_active: false })}
            >
              {say('admin.hold')}
            </Action>
          ) : (
            <Action label={named(say('admin.restore'))} onAct={() => change({ is_active: true })}>
              {say('admin.restore')}
            </Action>
          )}
          <button
            type="button"
            class="plain"
            aria-expanded={isChanging}
            aria-label={named(say('admin.change'))}
            onClick={() => setChanging(!isChanging)}
          >
            {say('admin.change')}
          </button>
        </div>
      )}
      {isChanging ? (
        <Form
          class=""
          submit={say('action.save')}
          onSubmit={async ({ role = '', full_name = '', email = '', phone = '' }) => {
            const given = { role, full_name, email, phone }
            const changed = Object.entries(given).filter(
              ([name, value]) => value !== account[name as keyof typeof given],
            )
            if (changed.length > 0) await change(Object.fromEntries(changed))
            setChanging(false)
          }}
        >
          <Choice
            label={say('admin.role')}
            name="role"
            options={roleOptions()}
            defaultValue={account.role}
          />
          <p class="soft small">{say('admin.role_ends')}</p>
          <Field
            label={say('field.name')}
            name="full_name"
            required
            defaultValue={account.full_name}
          />
          <Field
            label={say('field.email')}
            name="email"
            type="email"
            required
            defaultValue={account.email}
          />
          <Field
            label={say('field.phone')}
            name="phone"
            type="tel"
            required
            defaultValue={account.phone}
          />
        </Form>
      ) : null}
    </article>
  )
}

function NewAccount({ onMade }: { onMade(): void }) {
  return (
    <Form
      id="new-account"
      submit={say('admin.make')}
      onSubmit={async ({ full_name, email, phone, role, password = '' }, form) => {
        await session.api.call('POST', path, {
          body: {
            full_name,
            email,
            phone,
            role: role as Role,
            ...(password !== '' && { password }),
          },
        })
        form.reset()
        onMade()
      }}
    >
      <h2>{say('admin.new_account')}</h2>
      <Field label={say('field.name')} name="full_name" required maxLength={200} />
      <Field label={say('field.email')} name="email" type="email" required />
      <Field label={say('field.phone')} name="phone" type="tel" required />
      <Choice label={say('admin.role')} name="role" options={roleOptions()} />
      <PasswordField label={say('field.password')} required={false} />
      <p class="soft small">{say('admin.password_later')}</p>
    </Form>
  )
}
