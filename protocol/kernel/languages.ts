/**
 * The languages of the pages, with the direction in which each is written. This file imports
 * nothing, because the pages load it as it is.
 */
export const pageLanguages = { en: 'ltr', ar: 'rtl' } as const
export type PageLanguage = keyof typeof pageLanguages

/** The cookie in which a visitor's choice of a language is kept; no secret. */
export const languageCookie = 'caduceus_language'

const isPageLanguage = (text: string): text is PageLanguage => Object.hasOwn(pageLanguages, text)

/** The language that a visitor chose; null without a choice. `cookies` is a Cookie header. */
export function chosenLanguage(cookies: string): PageLanguage | null {
  for (const part of cookies.split(';')) {
    const [name, value = ''] = part.split('=').map(text => text.trim())
    if (name === languageCookie && isPageLanguage(value)) return value
  }
  return null
}

/** The first language of an Accept-Language header that the pages have; English when none is. */
export function acceptedLanguage(accepted: string): PageLanguage {
  const wishes = accepted
    .split(',')
    .map(part => {
      const [tag = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase())
      const quality = parameters.find(parameter => parameter.startsWith('q='))
      return {
        language: tag.split('-')[0]!,
        quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0,
      }
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
  for (const { language } of wishes) if (isPageLanguage(language)) return language
  return 'en'
}
