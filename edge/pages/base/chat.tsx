/**
 * A conversation about an order, in texts and voice messages. A message that could not be sent stays
 * in its field, and the same message sent again is stored once.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type {
  ConversationEntry,
  NewConversation,
  RestClient,
} from '../../../protocol/client/index.ts'
import { randomName } from '../shared/forms.ts'
import { say } from '../texts/index.ts'
import { Action, Field, Form, problemText } from './form.tsx'
import { clock } from './format.ts'
import { FileLink, Picture, Player } from './files.tsx'
import type { PageSession } from './session.ts'
import { VoiceField } from './voice.tsx'

/** Entries that came over the page's socket: its listeners by conversation. */
export class ConversationNews {
  readonly #listeners = new Map<string, () => void>()

  /** Something is new in a conversation. */
  hear(conversationId: string): void {
    this.#listeners.get(conversationId)?.()
  }
  /** The connection is back: everything may be new. */
  hearAll(): void {
    for (const listener of this.#listeners.values()) listener()
  }
  /** Returns the function that stops listening. */
  listen(conversationId: string, listener: () => void): () => void {
    this.#listeners.set(conversationId, listener)
    return () => this.#listeners.delete(conversationId)
  }
}

interface ChatProps {
  session: PageSession
  news: ConversationNews
  about: NewConversation
  title: string
}

const clientIdCharacters = 32

/** The conversation, opened when it is first shown. */
export function Chat({ session, news, about, title }: ChatProps) {
  const { api } = session
  const [id, setId] = useState<string | null>(null)
  const [side, setSide] = useState<string | null>(null)
  const [entries, setEntries] = useState<readonly ConversationEntry[]>([])
  const [problem, setProblem] = useState('')
  const unsent = useRef(randomName(clientIdCharacters))
  const list = useRef<HTMLUListElement>(null)

  const load = async (conversationId: string): Promise<void> => {
    const { messages, last_number } = await api.listMessages(conversationId)
    setEntries(messages)
    if (last_number > 0) await api.markRead(conversationId, last_number)
  }
  useEffect(() => {
    let isGone = false
    let stop = (): void => undefined
    api
      .openConversation(about)
      .then(async conversation => {
        if (isGone) return
        setId(conversation.id)
        setSide(conversation.my_side)
        stop = news.listen(conversation.id, () => {
          load(conversation.id).catch(() => undefined)
        })
        await load(conversation.id)
      })
      .catch((error: unknown) => setProblem(problemText(error)))
    return () => {
      isGone = true
      stop()
    }
  }, [about.order_id])
  useEffect(() => {
    if (list.current !== null) list.current.scrollTop = list.current.scrollHeight
  }, [entries])

  return (
    <section class="chat" aria-label={title}>
      <h3>{title}</h3>
      {problem === '' ? null : <p class="error">{problem}</p>}
      <ul ref={list} class="talk" aria-live="polite" tabIndex={0} aria-label={title}>
        {entries.filter(isShown).map(entry => (
          <li key={entry.id} data-own={entry.side === side}>
            {entry.text === null ? null : <span>{entry.text} </span>}
            {isVoice(entry) ? (
              <Player api={api} address={entry.url} words={say('voice.play')} />
            ) : null}
            {isPaper(entry) ? <Paper api={api} entry={entry} conversationId={id!} /> : null}
            <time class="small soft">{clock(entry.at)}</time>
          </li>
        ))}
      </ul>
      {id === null ? null : (
        <Form
          class="row say"
          submit={say('chat.send')}
          onSubmit={async ({ text = '' }, form) => {
            if (text.trim() === '') return
            await api.sendMessage(id, { text, client_id: unsent.current })
            unsent.current = randomName(clientIdCharacters)
            form.reset()
            await load(id)
          }}
        >
          <Field label={say('chat.message')} name="text" maxLength={2000} autocomplete="off" />
        </Form>
      )}
      {id === null ? null : <Voice api={api} id={id} onSent={() => load(id)} />}
    </section>
  )
}

const isVoice = (entry: ConversationEntry): entry is ConversationEntry & { url: string } =>
  entry.kind === 'audio' && entry.url !== null
const isPaper = (entry: ConversationEntry): entry is ConversationEntry & { url: string } =>
  entry.kind === 'document' && entry.url !== null
const isShown = (entry: ConversationEntry): boolean =>
  entry.text !== null || isVoice(entry) || isPaper(entry)

interface PaperProps {
  api: RestClient
  entry: ConversationEntry & { url: string }
  conversationId: string
}

/** A file of the conversation: it opens by its link, and a picture is shown here too. */
function Paper({ api, entry, conversationId }: PaperProps) {
  const words = say('chat.document')
  const fresh = async (): Promise<string | null> => {
    const { messages } = await api.listMessages(conversationId)
    return messages.find(({ id }) => id === entry.id)?.url ?? entry.url
  }
  return (
    <span class="row">
      <FileLink words={words} address={entry.url} fresh={fresh} />
      <Picture api={api} address={entry.url} words={words} />
    </span>
  )
}

interface VoiceProps {
  api: RestClient
  /** The conversation. */
  id: string
  onSent(): Promise<void>
}

/** Records a voice message, which is heard before it is sent. */
function Voice({ api, id, onSent }: VoiceProps) {
  const [recording, setRecording] = useState<Blob | null>(null)
  const unsent = useRef('')
  const keep = (made: Blob | null): void => {
    unsent.current = randomName(clientIdCharacters)
    setRecording(made)
  }
  const send = async (sound: Blob): Promise<void> => {
    const { id: upload_id } = await api.uploadFile('audio', sound)
    await api.sendMessage(id, { kind: 'audio', upload_id, client_id: unsent.current })
    keep(null)
    await onSent()
  }
  return (
    <div class="row">
      <VoiceField label={say('voice.record')} recording={recording} onChange={keep} />
      {recording === null ? null : (
        <Action onAct={() => send(recording)}>{say('voice.send')}</Action>
      )}
    </div>
  )
}
