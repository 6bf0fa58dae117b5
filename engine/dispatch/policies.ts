/**
 * What each policy does when an order's search looks for the next driver. A policy is a row of
 * protocol/drivers/policies.ts, a file of its own with its choice, and a line here; without the line it does not
 * compile.
 */
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import { nextDriver } from './next-driver.ts'

/** The next driver to ask; null when nobody is near who could take the order. */
export type ChooseDriver = typeof nextDriver

export const choices: Readonly<Record<SearchPolicy, ChooseDriver>> = {
  offer: nextDriver,
}
