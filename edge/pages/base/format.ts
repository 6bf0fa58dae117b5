/** Distances, times and amounts in the form for people, in the language of the page. */
import { language, say } from '../texts/index.ts'

const unknown = '–'

/** A distance: metres below one kilometre, a dash when it is unknown. */
export function kilometres(km: number | null | undefined): string {
  if (km === null || km === undefined) return unknown
  const number = (value: number, digits: number): string =>
    value.toLocaleString(language.value, { maximumFractionDigits: digits })
  return km < 1
    ? say('unit.metres', { value: number(Math.round(km * 100) * 10, 0) })
    : say('unit.kilometres', { value: number(km, km < 10 ? 1 : 0) })
}

/** A duration in whole minutes, a dash when it is unknown. */
export function minutes(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown
  return value < 1
    ? say('unit.under_a_minute')
    : say('unit.minutes', { value: Math.round(value).toLocaleString(language.value) })
}

/** An amount with its currency; a dash when it is unknown. */
export const money = (amount: number | null | undefined, currency: string): string =>
  amount === null || amount === undefined
    ? unknown
    : amount.toLocaleString(language.value, { style: 'currency', currency })

/** The time of day of an RFC 3339 timestamp. */
export const clock = (timestamp: string): string =>
  new Date(timestamp).toLocaleTimeString(language.value, { hour: '2-digit', minute: '2-digit' })

/** Day and time of an RFC 3339 timestamp. */
export const dayAndTime = (timestamp: string): string =>
  new Date(timestamp).toLocaleString(language.value, { dateStyle: 'medium', timeStyle: 'short' })

/** A calendar day, given as YYYY-MM-DD. */
export const day = (date: string): string =>
  new Date(`${date}T00:00:00Z`).toLocaleDateString(language.value, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  })

/** Remaining minutes and seconds. */
export function remaining(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** The medicines of an order, one text each. */
export const itemTexts = (items: readonly { name: string; quantity: number }[]): string[] =>
  items.map(({ name, quantity }) => `${quantity.toLocaleString(language.value)} × ${name}`)
