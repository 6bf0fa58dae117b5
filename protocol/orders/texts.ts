/** Sentences about orders that more than one room says: the same fact reads the same on a socket, in an answer and in a refusal. */

export const requestExpired = 'This request has expired'
