/** Bounds of showing open requests to terminals. */
export const requestLimits = {
  /** Requests that a terminal was told are over: one that is repeated late is not shown again. */
  overRequestsPerTerminalMax: 32,
  terminalResyncMs: 30_000,
} as const
