/** Bounds of the devices that are woken, and of the messages to them. */
import { limits, relation } from '../../protocol/kernel/limits.ts'
import { plainBytesMax } from './encrypt.ts'

export const pushLimits = {
  /** Devices of one account; the one used longest ago goes. */
  devicesPerAccountMax: 20,
  tokenCharactersMax: 1_024,
  appCharactersMax: 100,
  localeCharactersMax: 35,
  /** Time from the connection to the answer of a service. */
  timeoutMs: 10_000,
  /** Messages to browsers up to this size have the same length. */
  paddedBytes: 1_024,
} as const

relation(pushLimits.paddedBytes <= plainBytesMax, 'a padded message fits into one record')
relation(limits.urlCharactersMax < 2_700, 'an address fits into an entry of an index of PostgreSQL')
