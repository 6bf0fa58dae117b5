/**
 * The code of an invitation that a link brought. It is in the fragment, which is sent to no server
 * and stands in no log, and leaves the address bar at once.
 */
function takeInvitation(): string {
  const code = new URLSearchParams(location.hash.slice(1)).get('invitation')
  if (code === null) return ''
  history.replaceState(null, '', location.pathname + location.search)
  return code
}

/** Empty without an invitation. */
export const invited = takeInvitation()
