/** Bounds of showing open requests to terminals. */
export const requestLimits = {
  /** Ended requests that a terminal remembers, so that a late repeat is not shown again. */
  overRequestsPerTerminalMax: 32,
  /** Mean time between two comparisons of the terminals with the engines and the read model. */
  terminalResyncMs: 30_000,
} as const
