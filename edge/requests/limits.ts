/** Bounds of showing open requests to terminals. */
export const requestLimits = {
  /** Ended requests that a terminal remembers, so that a late repeat is not shown again. */
  overRequestsPerTerminalMax: 32,
  terminalResyncMs: 30_000,
} as const
