/**
 * The reminder of an appointment as a mail or an SMS has it. It names the pharmacy and the time,
 * because nobody comes to a place without them. It does not name the service, a note or a person:
 * letters lie open on screens.
 */
import type { Language } from './texts.ts'

const reminderTexts: Readonly<Record<Language, string>> = {
  en: 'You have an appointment at {pharmacy} on {when} ({zone}).',
  de: 'Sie haben einen Termin bei {pharmacy} am {when} ({zone}).',
  ar: 'لديك موعد في {pharmacy}، {when} ({zone}).',
}
/** English has its days before its months, as most of the world has. */
const locales: Readonly<Record<Language, string>> = { en: 'en-GB', de: 'de-DE', ar: 'ar' }

/** Characters of the pharmacy's name, so that an SMS in English has at most 160. */
const nameCharactersMax = 60

/** `timeZone`: that of the appointment. */
export function reminderText(
  language: Language,
  { pharmacy, startMs, timeZone }: { pharmacy: string; startMs: number; timeZone: string },
): string {
  const when = new Intl.DateTimeFormat(locales[language], {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(startMs)
  const values: Readonly<Record<string, string>> = {
    pharmacy: [...pharmacy].slice(0, nameCharactersMax).join(''),
    when,
    zone: timeZone,
  }
  return reminderTexts[language].replace(/\{(\w+)\}/g, (_, name: string) => values[name]!)
}
