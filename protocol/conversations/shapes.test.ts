/** The messages, commands and views of conversations: what their schemas accept, and where they go. */
import t from 'tap'
import type Type from 'typebox'
import { Compile } from 'typebox/compile'
import { looseIn } from '../testing/loose.ts'
import { conversationCommands } from './commands.ts'
import { conversationMessages } from './messages.ts'
import { entryKinds, exampleEntry, exampleIds } from './parts.ts'
import { ConversationView } from './view.ts'

const entryLoose = (path: string): string[] => [
  `${path}: more fields`,
  `${path}.number: a great number`,
  `${path}.side: null`,
  `${path}.text: null, any text, a long text`,
  `${path}.upload_id: null`,
  `${path}.url: null, any text, a long text`,
  `${path}.taken_back: a boolean`,
  `${path}.of: null`,
  `${path}.reason: null`,
]
const everywhere = ['chat', 'customer', 'terminal', 'fleet', 'driver']
type Name = keyof typeof conversationMessages

/** The channels of each message, and where its schema accepts more than the example. */
const heard: Partial<
  Record<Name, readonly [channels: readonly string[], loose: readonly string[]]>
> = {
  conversation_entry: [everywhere, [': more fields', ...entryLoose('entry')]],
  conversation_changed: [everywhere, [': more fields', 'last_number: a great number']],
  conversation_read: [everywhere, [': more fields', 'through: a great number']],
  conversation_presence: [
    ['chat'],
    [': more fields', 'seconds: a negative number, a great number'],
  ],
  chat_greeting: [
    ['chat'],
    [
      ': more fields',
      'message: any text, a long text',
      'conversations: a list, many items',
      'conversations[]: more fields',
      'conversations[].last_number: a great number',
      'conversations[].unread: a great number',
    ],
  ],
  chat_send_result: [
    everywhere,
    [
      ': more fields, no id, no message_id, no number',
      'id: any text, a long text',
      'number: a great number',
    ],
  ],
  chat_messages: [
    everywhere,
    [
      ': more fields',
      'after: a great number',
      'last_number: a great number',
      'messages: a list, many items',
      ...entryLoose('messages[]'),
    ],
  ],
  chat_reload: [everywhere, [': more fields', 'last_number: a great number']],
}
const said: Partial<
  Record<Name, readonly [channels: readonly string[], loose: readonly string[]]>
> = {
  chat_send: [everywhere, [': no text', 'text: any text', 'id: any text']],
  chat_read: [everywhere, []],
  chat_resume: [everywhere, []],
  chat_presence: [['chat'], []],
}

t.test(
  'each message goes over its channels, and its schema is as strict as its example',
  async t => {
    t.strictSame(
      Object.keys(conversationMessages).toSorted(),
      [...Object.keys(heard), ...Object.keys(said)].toSorted(),
    )
    for (const [name, { schema, example, heardOn, saidOn }] of Object.entries(
      conversationMessages,
    )) {
      const [channels, loose] = (heard[name as Name] ?? said[name as Name])!
      t.strictSame([heardOn, saidOn], name in heard ? [channels, []] : [[], channels], name)
      t.strictSame(looseIn(schema, example), loose, name)
    }
  },
)

const { conversation: conversation_id, message } = exampleIds
t.test('the fields that a message may have beside those of its example', async t => {
  const { chat_send, chat_read, chat_resume, chat_send_result, chat_messages } =
    conversationMessages
  const file = { type: 'send', conversation_id, kind: 'audio', text: ' x ', upload_id: message }
  t.strictSame(looseIn(chat_send.schema, { ...file, id: 'a' }), [
    ': no kind, no text, no upload_id',
    'text: any text',
    'id: any text',
  ])
  const asked = { conversation_id, id: 'a' }
  t.strictSame(looseIn(chat_read.schema, { type: 'read', number: 1, ...asked }), [
    ': no id',
    'id: any text',
  ])
  t.strictSame(looseIn(chat_resume.schema, { type: 'resume', after: 0, ...asked }), [
    ': no id',
    'id: any text',
  ])
  const failed = { type: 'send_result', outcome: 'error', code: 'forbidden', message: 'no' }
  t.strictSame(looseIn(chat_send_result.schema, { ...failed, ...asked }), [
    ': more fields, no code, no message, no id',
    'code: any text, a long text',
    'message: any text, a long text',
    'id: any text, a long text',
  ])
  t.match(
    looseIn(chat_messages.schema, { ...chat_messages.example, id: 'a' })[0],
    ': more fields, no id',
  )
})

/** The least and the greatest number that the schema accepts at this field. */
const bounds = (schema: Type.TSchema, example: object, name: string) => {
  const validator = Compile(schema)
  const accepts = (value: number) => validator.Check({ ...example, [name]: value })
  const edges = [0, 1, 2_147_483_647, Number.MAX_SAFE_INTEGER]
  return edges.filter(edge => accepts(edge) && (!accepts(edge - 1) || !accepts(edge + 1)))
}
t.test('numbers of clients are those of entries that a database can keep', async t => {
  const { chat_read, chat_resume } = conversationMessages
  t.strictSame(bounds(chat_read.schema, chat_read.example, 'number'), [1, 2_147_483_647])
  t.strictSame(bounds(chat_resume.schema, chat_resume.example, 'after'), [0, 2_147_483_647])
  t.strictSame(bounds(conversationCommands.read, { through: 1 }, 'through'), [1, 2_147_483_647])
})

t.test('a command says no more than its fields', async t => {
  const id = message
  const entry_id = exampleIds.entry
  const of = { id, number: 7, side: 'customer', kind: 'text' }
  const nullable = ['customer_id: null', 'vendor_id: null', 'driver_id: null']
  const table: Record<keyof typeof conversationCommands, [example: object, loose: string[]]> = {
    open: [
      {
        topic: 'pharmacy',
        about: { kind: 'order', id },
        customer_id: id,
        vendor_id: id,
        driver_id: id,
      },
      ['about: null, more fields', 'about.kind: any text, a long text', ...nullable],
    ],
    send: [
      { entry_id, kind: 'text', text: 'hello', upload_id: id },
      ['text: null, any text', 'upload_id: null'],
    ],
    take_back: [{ entry_id, reason: 'abuse', of }, ['of.number: a great number']],
    read: [{ through: 1 }, []],
    freeze: [{ entry_id, reason: 'abuse' }, []],
    thaw: [{ entry_id }, []],
    look_in: [{ entry_id, reason: 'report' }, []],
    end: [{ closes_at_ms: 1 }, ['closes_at_ms: a negative number, a great number']],
    close: [{ entry_id, reason: 'settled' }, []],
  }
  for (const [verb, [example, loose]] of Object.entries(table))
    t.strictSame(looseIn(conversationCommands[verb as keyof typeof table], example), loose, verb)
  const validText = Compile(conversationCommands.send)
  const says = (text: string) => validText.Check({ entry_id, kind: 'text', text, upload_id: null })
  t.strictSame(
    [says(''), says(' \n'), says('.'), says('x'.repeat(2_000)), says('x'.repeat(2_001))],
    [false, false, true, true, false],
  )
})

t.test('a view has every field, and a reader without a part sees no entry', async t => {
  const example = {
    id: conversation_id,
    topic: 'pharmacy',
    about: { kind: 'order', id: exampleIds.order },
    status: 'open',
    participants: [{ side: 'vendor', name: 'City Pharmacy', read_through: 7 }],
    my_side: 'customer',
    last_number: 7,
    unread: 0,
    last: exampleEntry,
    closes_at: '2026-09-21T13:33:20.000Z',
    created_at: '2026-09-21T13:33:20.000Z',
    open_reports: 1,
  }
  t.strictSame(looseIn(ConversationView, example), [
    ': more fields, no open_reports',
    'about: null, more fields',
    'about.kind: any text, a long text',
    'participants: a list, many items',
    'participants[]: more fields',
    'participants[].name: null, any text, a long text',
    'participants[].read_through: a great number',
    'my_side: null',
    'last_number: a great number',
    'unread: a great number',
    'last: null, more fields',
    ...entryLoose('last').slice(1),
    'closes_at: null',
    'open_reports: a great number',
  ])
})

t.test('the kinds of entries are those of messages and five more', async t => {
  t.strictSame(entryKinds, [
    'text',
    'document',
    'audio',
    'taken_back',
    'frozen',
    'thawed',
    'support_read',
    'closed',
  ])
})
