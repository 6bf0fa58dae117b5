/** The pill in the header that shows whether the page is live. */
import { closeCodes } from '../../../protocol/kernel/errors.ts'
import { setText } from './elements.ts'

export type Tone = 'good' | 'warn' | 'bad'
/** The end of a connection of the client; with `final` it does not come back. */
export interface Closed {
  code: number
  reason: string
  final: boolean
}

/** Shows these words in the pill; the tone is their colour. */
export function showPill(pill: HTMLElement, words: string, tone: Tone): void {
  setText(pill, words)
  pill.dataset['tone'] = tone
}

/** Shows that the connection is open. */
export const showLive = (pill: HTMLElement): void => showPill(pill, 'Live', 'good')

/** Shows why the connection is missing. */
export function showClosed(pill: HTMLElement, closed: Closed): void {
  showPill(pill, closedWords(closed), closed.final ? 'bad' : 'warn')
}

/** The reason of a missing connection, in words. */
function closedWords({ code, reason, final }: Closed): string {
  if (final) return reason || `Refused (${code})`
  return code === closeCodes.tooManyMessages ? 'Too many connections' : 'Reconnecting'
}
