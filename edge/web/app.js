/**
 * What the pages share: making elements, calling the API, staying signed in, staying connected.
 *
 * No framework: the largest page is a list of cards. Text from the server only ever becomes a text
 * node, so nothing a customer types can run at a pharmacy. Tokens live in sessionStorage, which ends
 * with the tab, and reach a socket as its subprotocol, because an address is logged on its way.
 */

/** `el('p', { class: 'soft' }, 'text', child)`. `on…` attributes are listeners, `false` and `null` children nothing. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value)
  }
  element.append(
    ...children.filter(child => child !== null && child !== false && child !== undefined),
  )
  return element
}

export const $ = id => document.getElementById(id)

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/** Unlike crypto.randomUUID this works on a page that came over plain HTTP from another machine. */
export const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0'),
  ).join('')

/** The server's refusal, with the problem document's code and fields. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `The server answered ${status}`)
    this.status = status
    this.code = problem?.code ?? null
    this.fields = problem?.fields ?? []
  }
}

/** `key` makes a repeat of a POST answer like the first; `form` is a FormData in place of a JSON body. Throws ApiError. */
export async function call(method, path, { body, form, token, key } = {}) {
  const headers = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (token) headers.authorization = `Bearer ${token}`
  if (key) headers['idempotency-key'] = key
  let response
  try {
    response = await fetch(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(form !== undefined && { body: form }),
    })
  } catch {
    throw new ApiError(0, { detail: 'The server cannot be reached', code: 'unreachable' })
  }
  const answer = await response.json().catch(() => null)
  if (!response.ok) throw new ApiError(response.status, answer)
  return answer
}

/** Who is signed in on this page, until the tab closes. One per role, so that a customer and a pharmacy do not collide. */
export class Account {
  #key
  #state = null
  #refreshing = null
  onSignedOut = () => {}

  constructor(role) {
    this.#key = `caduceus.${role}`
    try {
      this.#state = JSON.parse(sessionStorage.getItem(this.#key))
    } catch {
      /* somebody else's value: sign in anew */
    }
  }

  get user() {
    return this.#state?.user ?? null
  }
  get signedIn() {
    return this.#state !== null
  }

  /** `answer` is what sign-in, registration or refresh gave. */
  keep(answer) {
    this.#state = {
      user: answer.user ?? this.#state?.user ?? null,
      access: answer.access_token,
      refresh: answer.refresh_token ?? null,
      endsAtMs: Date.now() + (answer.expires_in ?? 600) * 1000,
    }
    sessionStorage.setItem(this.#key, JSON.stringify(this.#state))
  }

  /** A token with some life left; `renew` when the server just refused the one at hand. Throws when there is none to be had. */
  async token(renew = false) {
    if (this.#state === null) throw new ApiError(401, { detail: 'Sign in first' })
    if (!renew && this.#state.endsAtMs - Date.now() > 30_000) return this.#state.access
    if (this.#state.refresh === null) {
      if (!renew) return this.#state.access
      throw new ApiError(401, { detail: 'The sign-in has ended' })
    }
    // One at a time: a refresh token is good once, and using it twice ends the session.
    this.#refreshing ??= call('POST', '/api/auth/refresh', {
      body: { refresh_token: this.#state.refresh },
    })
      .then(answer => this.keep(answer))
      .catch(error => {
        if (error.status === 401 || error.status === 403) this.signOut()
        throw error
      })
      .finally(() => {
        this.#refreshing = null
      })
    await this.#refreshing
    return this.#state.access
  }

  async call(method, path, options = {}) {
    try {
      return await call(method, path, { ...options, token: await this.token() })
    } catch (error) {
      if (error.status !== 401 || this.#state === null) throw error
      return call(method, path, { ...options, token: await this.token(true) })
    }
  }

  /** A file that only this account may read. Throws ApiError. */
  async fetch(path) {
    const response = await fetch(path, {
      headers: { authorization: `Bearer ${await this.token()}` },
    })
    if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null))
    return response.blob()
  }

  signOut() {
    const { access, refresh } = this.#state ?? {}
    this.#state = null
    sessionStorage.removeItem(this.#key)
    if (refresh)
      call('POST', '/api/auth/logout', { body: { refresh_token: refresh }, token: access }).catch(
        () => {},
      )
    this.onSignedOut()
  }
}

const pauseMsMin = 500
const pauseMsMax = 10_000
const pingMs = 20_000
/** Silence this long after a ping means that the connection is dead, whatever the browser believes. */
const silenceMs = 35_000

/**
 * A socket that comes back. `account` null for the public ones. `onState(state, words)` hears
 * `connecting`, `open` (with the first message), `waiting` (will try again) and `ended` (will not).
 */
export function connect(path, { account = null, onMessage, onState = () => {} }) {
  let socket = null
  let pauseMs = pauseMsMin
  let retry = 0
  let refused = 0
  let stopped = false
  let heardAtMs = 0

  const attempt = async () => {
    onState('connecting', 'Connecting')
    let token = null
    try {
      if (account !== null) token = await account.token(refused > 0)
    } catch (error) {
      if (error.status === 0 || error.status >= 500) again()
      else end(error.message)
      return
    }
    if (stopped) return
    const url = new URL(path, location.href)
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const current = (socket =
      token === null ? new WebSocket(url) : new WebSocket(url, ['bearer', token]))
    let greeted = false
    heardAtMs = Date.now()
    current.addEventListener('message', event => {
      heardAtMs = Date.now()
      const message = JSON.parse(event.data)
      if (!greeted) {
        greeted = true
        refused = 0
        pauseMs = pauseMsMin
        onState('open', 'Live')
      }
      if (message.type !== 'pong') onMessage(message)
    })
    current.addEventListener('close', event => {
      if (stopped || socket !== current) return
      if (event.code === 4001 && account !== null && ++refused < 2) void attempt()
      else if (event.code >= 4001 && event.code < 4400)
        end(event.reason || `Refused (${event.code})`, event.code)
      else again(event.code === 4429 ? 'Too many connections' : 'Reconnecting')
    })
  }
  const again = (words = 'Reconnecting') => {
    if (stopped) return
    onState('waiting', words)
    retry = setTimeout(attempt, pauseMs * (0.5 + Math.random() / 2))
    pauseMs = Math.min(pauseMs * 2, pauseMsMax)
  }
  const end = (words, code = 0) => {
    stop()
    onState('ended', words, code)
  }
  const beat = setInterval(() => {
    if (socket?.readyState !== WebSocket.OPEN) return
    if (Date.now() - heardAtMs > silenceMs) {
      const dead = socket
      socket = null
      dead.close()
      again()
    } else socket.send('{"type":"ping"}')
  }, pingMs)
  const stop = () => {
    stopped = true
    clearInterval(beat)
    clearTimeout(retry)
    socket?.close()
  }
  void attempt()
  return {
    /** False when there is no connection to send it on. */
    send(message) {
      if (socket?.readyState !== WebSocket.OPEN) return false
      socket.send(JSON.stringify(message))
      return true
    },
    stop,
  }
}

/** Shows the state of a connection in a pill. */
export function showConnection(pill, state, words) {
  setText(pill, words)
  pill.dataset.tone = { open: 'good', ended: 'bad' }[state] ?? 'warn'
}

/** A form whose button waits for `act(values)`, and whose mistakes are shown where they were made. */
export function onSubmit(form, act) {
  const error = form.querySelector('.error')
  const button = form.querySelector('button[type=submit]')
  form.addEventListener('submit', async event => {
    event.preventDefault()
    for (const input of form.elements) input.removeAttribute('aria-invalid')
    error.textContent = ''
    button.disabled = true
    try {
      await act(Object.fromEntries(new FormData(form)))
    } catch (problem) {
      const named =
        problem.fields?.map(({ field, rule }) => {
          const input = form.elements[field]
          input?.setAttribute('aria-invalid', 'true')
          return `${input?.labels?.[0]?.firstChild?.textContent.trim() || field} ${rule}`
        }) ?? []
      // The message of such a refusal is this list, in the names of the API.
      error.textContent = named.length > 0 ? named.join('; ') : problem.message
      form.querySelector('[aria-invalid=true]')?.focus()
    } finally {
      button.disabled = false
    }
  })
}

/** Values for people who only want to look: a practice account costs one click. */
export function fillPractice(form, values) {
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value
}
export const practiceName = prefix => `${prefix}-${newId().slice(0, 6)}`

export const kilometres = km =>
  km === null || km === undefined
    ? '–'
    : km < 1
      ? `${Math.round(km * 1000)} m`
      : `${km.toFixed(km < 10 ? 2 : 1)} km`
export const minutes = value =>
  value === null || value === undefined
    ? '–'
    : value < 1
      ? 'under 1 min'
      : `${Math.round(value)} min`
export const clock = iso =>
  iso ? new Date(iso).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) : ''
export function remaining(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
