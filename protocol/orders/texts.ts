/**
 * Sentences about orders that several rooms use, so that the same fact reads the same on a socket,
 * in an answer and in a refusal.
 */

export const requestExpired = 'This request has expired'
