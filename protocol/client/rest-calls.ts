/** What the REST client knows of a call before it is made: whether it needs a token, and its key. */

const entrances =
  /^\/api\/auth\/(?:login|register|refresh|page-sessions\/\w+)$|^\/api\/(?:vendors|drivers|members)\/register$/

/** True for calls that need no token. One of them is the call that gets a new one. */
export const signsIn = (path: string): boolean => entrances.test(path)

/** Unlike crypto.randomUUID this works on a page that came over plain HTTP from another machine. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
