/**
 * The visual tester of the WebSockets: two panels, each with a token, so that one sees what a
 * customer and a pharmacy hear of the same order.
 */
import { render } from 'preact'
import { useEffect, useId, useState } from 'preact/hooks'
import { channelNames, channels, type ChannelName } from '../../../protocol/kernel/channels.ts'
import { RestClient } from '../../../protocol/client/index.ts'
import { Choice, Field, Form } from '../base/form.tsx'
import { LanguageChoice } from '../base/page.tsx'
import { byId } from '../shared/elements.ts'
import { language, say } from '../texts/index.ts'
import { saidOn } from './examples.ts'
import { codes, TestedSocket } from './socket.ts'

function Page() {
  useEffect(() => {
    document.title = `${say('sockets.title')} · Caduceus`
  }, [language.value])
  return (
    <div class="stack">
      <h1>{say('sockets.title')}</h1>
      <p class="lead soft">{say('sockets.lead')}</p>
      <div class="panels">
        <Panel first="customer" title={say('sockets.panel_one')} />
        <Panel first="terminal" title={say('sockets.panel_two')} />
      </div>
      <section class="panel">
        <h2>{say('sockets.codes')}</h2>
        <table class="codes">
          <caption class="unseen">{say('sockets.codes')}</caption>
          <tbody>
            {codes.map(([name, code]) => (
              <tr key={name}>
                <th scope="row" class="number">
                  {code}
                </th>
                <td>{say(`code.${name}`)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}

const stateWords = {
  disconnected: 'sockets.not_connected',
  wait: 'connection.connecting',
  open: 'sockets.open',
} as const

function Panel({ first, title }: { first: ChannelName; title: string }) {
  const [socket] = useState(() => new TestedSocket())
  const [channel, setChannel] = useState<ChannelName>(first)
  const [token, setToken] = useState('')
  const [parameter, setParameter] = useState('')
  const named = Object.keys(channels[channel].parameters)[0]
  const state = socket.state.value
  useEffect(() => () => socket.close(), [])
  return (
    <section class="panel" aria-label={title}>
      <div class="row spread">
        <h2>{title}</h2>
        <span class="pill" data-tone={state === 'open' ? 'good' : 'warn'} role="status">
          {say(stateWords[state])}
        </span>
      </div>
      <Choice
        label={say('sockets.channel')}
        value={channel}
        onChange={event => setChannel(event.currentTarget.value as ChannelName)}
        options={channelNames.map(name => [name, channels[name].path])}
      />
      {named === undefined ? null : (
        <Field
          label={named}
          value={parameter}
          autocomplete="off"
          onInput={event => setParameter(event.currentTarget.value)}
        />
      )}
      <Field
        label={say('sockets.token')}
        value={token}
        autocomplete="off"
        onInput={event => setToken(event.currentTarget.value)}
      />
      <SignIn onToken={setToken} />
      <div class="row">
        <button
          type="button"
          onClick={() => socket.connect(channel, token.trim(), parameter.trim())}
        >
          {say('sockets.connect')}
        </button>
        <button
          type="button"
          class="quiet"
          disabled={state === 'disconnected'}
          onClick={() => socket.close()}
        >
          {say('sockets.disconnect')}
        </button>
        <button type="button" class="plain" onClick={() => socket.clear()}>
          {say('sockets.clear')}
        </button>
      </div>
      <Log socket={socket} title={say('sockets.log', { title })} />
      <Sender socket={socket} channel={channel} isOpen={state === 'open'} />
    </section>
  )
}

/** Gets a token for an account, for those who have none at hand. */
function SignIn({ onToken }: { onToken(token: string): void }) {
  return (
    <details>
      <summary>{say('sockets.get_token')}</summary>
      <Form
        class=""
        submit={say('sockets.get_token')}
        onSubmit={async ({ email = '', password = '' }) => {
          const api = new RestClient({ url: location.origin })
          await api.login(email, password)
          onToken(api.tokens!.access_token)
        }}
      >
        <Field label={say('field.email')} name="email" type="email" required autocomplete="off" />
        <Field
          label={say('field.password')}
          name="password"
          type="password"
          required
          autocomplete="off"
        />
      </Form>
    </details>
  )
}

function Log({ socket, title }: { socket: TestedSocket; title: string }) {
  const lines = socket.lines.value
  const time = (ms: number): string =>
    new Date(ms).toLocaleTimeString('en-GB', { fractionalSecondDigits: 3 })
  return (
    <ol class="raw" tabIndex={0} aria-label={title}>
      {lines.toReversed().map(line => (
        <li key={line.id} data-way={line.way}>
          <span class="small soft number">
            {time(line.atMs)} +{line.sinceMs} ms {say(`sockets.way_${line.way}`)}
          </span>
          <pre dir="ltr">{line.text}</pre>
        </li>
      ))}
      {lines.length === 0 ? <li class="soft">{say('sockets.nothing')}</li> : null}
    </ol>
  )
}

interface SenderProps {
  socket: TestedSocket
  channel: ChannelName
  isOpen: boolean
}

function Sender({ socket, channel, isOpen }: SenderProps) {
  const [text, setText] = useState('{"type":"ping"}')
  const [examples, setExamples] = useState<readonly (readonly [string, string])[]>([])
  const id = useId()
  useEffect(() => {
    let isOld = false
    saidOn(channels[channel].path)
      .then(found => {
        if (!isOld) setExamples(found)
      })
      .catch(() => undefined)
    return () => {
      isOld = true
    }
  }, [channel])
  return (
    <>
      {examples.length === 0 ? null : (
        <Choice
          label={say('sockets.example')}
          value=""
          onChange={event => setText(event.currentTarget.value)}
          options={[['', '–'], ...examples.map(([name, words]) => [words, name] as const)]}
        />
      )}
      <div class="field">
        <label for={id}>{say('sockets.message')}</label>
        <textarea id={id} value={text} onInput={event => setText(event.currentTarget.value)} />
      </div>
      <button type="button" disabled={!isOpen} onClick={() => socket.send(text)}>
        {say('chat.send')}
      </button>
    </>
  )
}

byId('main').replaceChildren()
render(<LanguageChoice />, byId('bar'))
render(<Page />, byId('main'))
