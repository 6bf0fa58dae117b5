/** The settings, one at a time. */
import { useState } from 'preact/hooks'
import { MembersPanel } from '../../members/page/members.tsx'
import { HoursPanel } from '../../pharmacies/page/hours.tsx'
import { ShopPanel } from '../../pharmacies/page/shop.tsx'
import { TariffPanel } from '../../pharmacies/page/tariff.tsx'
import { PushSwitch } from '../../push/page/switch.tsx'
import { ServicesPart } from '../../services/page/services.tsx'
import { WebhooksPanel } from '../../webhooks/page/webhooks.tsx'
import { ShopsPanel } from '../../woocommerce/page/shops.tsx'
import { AccountPanel } from '../base/account.tsx'
import { PapersPanel } from '../base/papers.tsx'
import type { Office } from '../base/office.ts'
import { say } from '../texts/index.ts'

const panels = {
  shop: ShopPanel,
  hours: HoursPanel,
  tariff: TariffPanel,
  services: ServicesPart,
  papers: ({ office }: { office: Office }) => (
    <PapersPanel
      session={office.session}
      queue="pharmacies"
      subjects={{ pharmacy: office.pharmacyId }}
    />
  ),
  shops: ShopsPanel,
  webhooks: WebhooksPanel,
  members: MembersPanel,
  account: ({ office }: { office: Office }) => (
    <div class="stack">
      <PushSwitch session={office.session} />
      <AccountPanel session={office.session} />
    </div>
  ),
} as const
type Panel = keyof typeof panels

/** The part. */
export function Settings({ office }: { office: Office }) {
  const [panel, setPanel] = useState<Panel>('shop')
  const Shown = panels[panel]
  return (
    <div class="stack">
      <nav class="row" aria-label={say('office.settings')}>
        {(Object.keys(panels) as Panel[]).map(one => (
          <button
            key={one}
            type="button"
            class="quiet"
            aria-current={one === panel ? 'true' : undefined}
            onClick={() => setPanel(one)}
          >
            {say(`settings.${one}`)}
          </button>
        ))}
      </nav>
      <Shown office={office} />
    </div>
  )
}
