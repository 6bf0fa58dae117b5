/** The query of a request as texts, without parameters that other services added to a link. */
import { invalid } from '../kernel/validate.ts'

/**
 * Parameters that mail programs, advertisements and messengers add to links. The person who follows
 * such a link did not write them, so they are not a mistake of the caller.
 */
const appended = new Set([
  'fbclid',
  'gclid',
  'gclsrc',
  'dclid',
  'gbraid',
  'wbraid',
  'srsltid',
  'msclkid',
  'twclid',
  'ttclid',
  'yclid',
  'li_fat_id',
  'igshid',
  'igsh',
  'mc_cid',
  'mc_eid',
  '_ga',
  '_gl',
  '_hsenc',
  '_hsmi',
  'mkt_tok',
  'vero_id',
  'oly_enc_id',
  'rb_clickid',
  's_kwcid',
  'ref_src',
  'epik',
  'scid',
  'sc_campaign',
])
const isAppended = (name: string): boolean => name.startsWith('utm_') || appended.has(name)

/**
 * The parameters by name. Throws `invalid_request` for a name that is given twice, because either
 * value would be a guess. `open` rows are reached by links, so added parameters are skipped there.
 */
export function parseQuery(query: string, open = false): Record<string, string> {
  const out: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) {
    if (open && isAppended(name)) continue
    if (name in out) throw invalid([{ field: name.slice(0, 64), rule: 'is given twice' }])
    out[name] = value
  }
  return out
}
