/** The part of a pharmacy's public record that pages show. */
import type { RestClient } from '../../../protocol/client/index.ts'

export interface Pharmacy {
  id: string
  business_name: string
  latitude: number
  longitude: number
}

/** Pharmacies, newest first, at most `limit`; with `isActive` only those that take orders. */
export async function listPharmacies(
  api: RestClient,
  { limit, isActive = false }: { limit: number; isActive?: boolean },
): Promise<Pharmacy[]> {
  const { vendors } = await api.call<{ vendors: Pharmacy[] }>('GET', '/api/vendors', {
    query: { limit, is_active: isActive ? 'true' : undefined },
  })
  return vendors
}
