/** Forms that show each mistake at its field, and that can be filled with practice data. */
import { CaduceusError } from '../../../protocol/kernel/errors.ts'

/** The texts of a form by the names of their fields; files are left out. */
export const textsOf = (data: FormData): Record<string, string> =>
  Object.fromEntries(
    [...data].filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )

/** A field of a form. Throws when the form has none of that name. */
export function fieldOf(form: HTMLFormElement, name: string): HTMLInputElement {
  const field = form.elements.namedItem(name)
  if (field === null) throw new Error(`the form ${form.id} has no field ${name}`)
  return field as HTMLInputElement
}

/**
 * Marks the fields that the server names and lists them by their labels, because the server's
 * message has the names of the API.
 */
export function markFields(form: HTMLFormElement, problem: unknown): string {
  if (!(problem instanceof CaduceusError)) return ''
  return (problem.fields ?? [])
    .map(({ field, rule }) => {
      const input = form.elements.namedItem(field) as HTMLInputElement | null
      input?.setAttribute('aria-invalid', 'true')
      return `${input?.labels?.[0]?.firstChild?.textContent?.trim() || field} ${rule}`
    })
    .join('; ')
}

/** Fills a form for a practice account with one click. */
export function fillPractice(form: HTMLFormElement, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) fieldOf(form, name).value = value
}

/**
 * Random hexadecimal text. Unlike crypto.randomUUID it works on a page that came over plain HTTP
 * from another machine.
 */
export const randomName = (characters: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(characters)), byte =>
    (byte % 16).toString(16),
  ).join('')

/** An e-mail address that nobody else has. */
export const practiceEmail = (prefix: string): string => `${prefix}-${randomName(6)}@example.org`
