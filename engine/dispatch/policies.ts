/**
 * The choice of each policy when the search of an order looks for the next driver. A policy is a
 * row of protocol/drivers/policies.ts, a file with its choice, and a line here; without the line it
 * does not compile.
 */
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import { nextDriver } from './next-driver.ts'

/** The next driver to ask; null when no driver nearby could take the order. */
export type ChooseDriver = typeof nextDriver

export const choices: Readonly<Record<SearchPolicy, ChooseDriver>> = {
  offer: nextDriver,
}
