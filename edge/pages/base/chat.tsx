/**
 * A conversation about an order. A message that could not be sent stays in its field, and the same
 * message sent again is stored once.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ConversationEntry, NewConversation } from '../../../protocol/client/index.ts'
import { randomName } from '../shared/forms.ts'
import { say } from '../texts/index.ts'
import { Field, Form, problemText } from './form.tsx'
import { clock } from './format.ts'
import type { PageSession } from './session.ts'

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
        {entries
          .filter(entry => entry.text !== null)
          .map(entry => (
            <li key={entry.id} data-own={entry.side === side}>
              <span>{entry.text}</span> <time class="small soft">{clock(entry.at)}</time>
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
    </section>
  )
}
