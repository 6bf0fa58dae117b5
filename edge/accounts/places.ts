/** The place of a caller, as far as a server can tell: a network and one kind of program in it. */
import { addressGroup } from '../kernel/address.ts'

/** The origin of a sign-in, as its owner will see it in the list of sessions. */
export interface Origin {
  userAgent: string | undefined
  address: string
}

/** The origin of a request. */
export const originOf = ({
  headers,
  address,
}: {
  headers: Readonly<Record<string, string>>
  address: string
}): Origin => ({ userAgent: headers['user-agent'], address })

/** The stored part of the program's name. */
export const agentOf = ({ userAgent }: Origin): string | null => userAgent?.slice(0, 200) ?? null

/** Equal for two requests of one program in the network of one household. */
export const placeOf = (address: string, userAgent: string | null): string =>
  JSON.stringify([addressGroup(address), userAgent])
/** The place of a sign-in, in the form that `placeOf` gives. */
export const placeOfOrigin = (origin: Origin): string => placeOf(origin.address, agentOf(origin))
