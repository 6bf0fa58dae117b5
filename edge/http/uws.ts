/**
 * The library of the HTTP server, with room for the head of a request set before it is loaded: it reads
 * this one setting from the environment, once. Its own default of 4 kB is less than some proxies add.
 * What the environment says already counts.
 */
import './head-room.ts'

export * from 'uWebSockets.js'
