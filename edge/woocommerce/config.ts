/** Configuration of the one shop that a small deployment connects by variables. */
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'
import { isUuid } from '../../protocol/kernel/ids.ts'

export interface ShopConfig {
  /** The shop that delivers to `/api/webhooks/wc/order-created` itself. */
  shop: { secret: string; pharmacyId: string } | null
}

/** Reads WC_WEBHOOK_SECRET and WC_WEBHOOK_VENDOR_ID. Throws ConfigError. */
export const readShopConfig = (environment: Environment): ShopConfig => ({
  shop: shop(
    textVariable(environment, 'WC_WEBHOOK_SECRET'),
    textVariable(environment, 'WC_WEBHOOK_VENDOR_ID'),
  ),
})

function shop(secret: string | null, pharmacyId: string | null): ShopConfig['shop'] {
  if (secret === null && pharmacyId === null) return null
  if (secret === null)
    throw new ConfigError(
      'WC_WEBHOOK_SECRET is not set, but WC_WEBHOOK_VENDOR_ID is; a shop needs both',
    )
  if (!isUuid(pharmacyId))
    throw new ConfigError(
      'WC_WEBHOOK_VENDOR_ID is not the id of a pharmacy; WC_WEBHOOK_SECRET needs one whose orders these are',
    )
  return { secret, pharmacyId }
}
