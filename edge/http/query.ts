/** The query of a request as texts, without what others wrote into it on the way of a link. */
import { invalid } from '../kernel/validate.ts'

/**
 * What mail programs, advertisements and messengers append to every link that is opened through them.
 * Nobody who follows such a link wrote it, so it is no mistake of theirs.
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

/** A name given twice is refused, because which of them counts would be a guess. `open` rows are reached by links. */
export function parseQuery(query: string, open = false): Record<string, string> {
  const out: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) {
    if (open && isAppended(name)) continue
    if (name in out) throw invalid([{ field: name.slice(0, 64), rule: 'is given twice' }])
    out[name] = value
  }
  return out
}
