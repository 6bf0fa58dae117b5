/**
 * The library of the HTTP server and of its sockets. Only this file knows which packages bring it.
 * The registry has `uWebSockets.js` only under the names of other publishers, so package-lock.json
 * pins each package by its integrity; the README of the edge says how to use upstream's release
 * instead.
 */
import { chooseLibrary, thisMachine } from './choose-library.ts'
import { httpLimits } from './http-limits.ts'

export type * from 'uWebSockets.js'

// The library reads this setting once, when it loads. Its default of 4 kB is less than the headers
// that some proxies add.
process.env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= String(httpLimits.headBytesMax)

type Library = typeof import('uWebSockets.js') & {
  // Exported by the library and missing from its types.
  LIBUS_LISTEN_EXCLUSIVE_PORT: number
  _cfg(key: string): void
}

const library = await chooseLibrary(
  [
    // Binaries for Node 18 to 22 that run with glibc 2.27.
    async () => (await import('uWebSockets.js')) as unknown as Library,
    // Binaries for Node 20, 22, 24 and 25 that need glibc 2.38.
    async () => (await import('uWebSockets.js-newer')).default as unknown as Library,
  ],
  thisMachine,
)

export const {
  App,
  SSLApp,
  us_listen_socket_close,
  us_socket_local_port,
  LIBUS_LISTEN_EXCLUSIVE_PORT,
  /** Sets a switch of the library by its key. */
  _cfg: configure,
} = library
