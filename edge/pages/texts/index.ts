/**
 * The words of the pages in the visitor's language. A page that shows a text reads the language, so
 * it is drawn anew when the visitor chooses another one; nothing that was typed is lost.
 */
import { signal } from '@preact/signals'
import {
  languageCookie,
  pageLanguages,
  type PageLanguage,
} from '../../../protocol/kernel/languages.ts'
import { ar } from './ar.ts'
import type { CustodyKey } from './custody-en.ts'
import { en, type Text, type TextKey as SharedKey } from './en.ts'
import type { OfficeKey } from './office-en.ts'
import type { RoadKey } from './road-en.ts'

/** Only the type of the texts of one page is imported here, so that no other page loads them. */
export type TextKey = SharedKey | OfficeKey | RoadKey | CustodyKey

const all: Record<PageLanguage, Readonly<Record<string, Text>>> = { en, ar }
const yearSeconds = 365 * 24 * 3_600

/** The names of the languages, each in itself. */
export const languageNames: Readonly<Record<PageLanguage, string>> = {
  en: 'English',
  ar: 'العربية',
}
/** Adds the texts that one page alone has. They must be there before it says the first of them. */
export function addTexts(
  more: Readonly<Record<PageLanguage, Readonly<Record<string, Text>>>>,
): void {
  for (const name of Object.keys(all) as PageLanguage[]) all[name] = { ...all[name], ...more[name] }
}
/** The language of the page. The server chose it for the first time. */
export const language = signal<PageLanguage>(
  document.documentElement.lang in pageLanguages
    ? (document.documentElement.lang as PageLanguage)
    : 'en',
)

/** Shows the page in this language from now on, also after a reload. */
export function chooseLanguage(chosen: PageLanguage): void {
  document.documentElement.lang = chosen
  document.documentElement.dir = pageLanguages[chosen]
  document.cookie = `${languageCookie}=${chosen}; Path=/; Max-Age=${yearSeconds}; SameSite=Lax`
  language.value = chosen
}

/** A text. `{name}` in it becomes `values.name`; `count` chooses the form of a plural. */
export function say(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const text = all[language.value][key]!
  const words = typeof text === 'string' ? text : pluralOf(text, Number(values['count'] ?? 0))
  return words.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return typeof value === 'number' ? value.toLocaleString(language.value) : value
  })
}

/** A text by a name that is only known at run time, such as an error's code; null without one. */
export function sayIfKnown(key: string): string | null {
  return Object.hasOwn(all.en, key) ? say(key as TextKey) : null
}

function pluralOf(forms: Exclude<Text, string>, count: number): string {
  const form = new Intl.PluralRules(language.value).select(count)
  return forms[form] ?? forms.other
}
