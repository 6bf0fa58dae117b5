/** What the tables of accounts, of work permits and of messages know of a person. */
import { sql } from 'kysely'
import type { KnownTables } from './known.ts'

export const knownOfPeople = {
  users: {
    parts: [
      {
        about: 'Your account',
        erase: { own: 'erase.ts ends the account and empties it' },
        of: ['id'],
        leave: ['password_hash', 'email_named_at', 'sponsored_by'],
      },
    ],
    otherIds: ['email_twin_of', 'picture_id', 'sponsored_by'],
  },
  sessions: {
    parts: [{ about: 'Your sign-ins', erase: 'delete', of: ['user_id'], leave: ['token_hash'] }],
    otherIds: ['id', 'family_id'],
  },
  ws_tickets: { why: 'tickets end after a minute', otherIds: ['user_id', 'family_id'] },
  one_time_codes: { why: 'codes are deleted after a day', otherIds: ['id'] },
  api_keys: {
    parts: [
      {
        about: 'Keys that you made',
        erase: { stays: 'services work with them' },
        of: ['created_by'],
        leave: ['key_hash'],
      },
    ],
    otherIds: ['id'],
  },
  vendors: {
    parts: [
      {
        about: 'Your pharmacy',
        erase: { stays: 'only customers are erased' },
        of: ['id', 'user_id'],
        leave: ['decided_by'],
      },
    ],
    otherIds: ['decided_by'],
  },
  members: {
    parts: [
      {
        about: 'Your places at pharmacies',
        erase: { stays: 'only customers are erased' },
        of: ['user_id'],
        leave: ['code_hash', 'ended_by'],
      },
      {
        about: 'Members whom you invited, without their accounts',
        erase: { stays: 'only customers are erased' },
        of: ['invited_by'],
        leave: ['user_id', 'code_hash', 'ended_by'],
      },
    ],
    otherIds: ['id', 'vendor_id', 'ended_by'],
  },
  drivers: {
    parts: [
      {
        about: 'Your work as a driver',
        erase: { stays: 'only customers are erased' },
        of: ['id', 'user_id'],
      },
    ],
    otherIds: ['vendor_id', 'active_order_ids'],
  },
  driver_invitations: {
    parts: [
      {
        about: 'Invitations to drivers that you made',
        erase: { stays: 'only customers are erased' },
        of: ['created_by'],
        leave: ['code_hash'],
      },
    ],
    otherIds: ['id', 'vendor_id'],
  },
  applicant_letters: { why: 'one time of the whole server' },
  driver_devices: {
    parts: [
      {
        about: 'Phones that send your position',
        erase: 'delete',
        of: ['driver_id', 'created_by'],
        leave: ['secret_hash', 'passphrase_sealed'],
      },
    ],
    otherIds: ['id'],
  },
  documents: {
    parts: [
      {
        about: 'Papers about you, and papers that you handed in',
        erase: { own: 'erase-files.ts deletes them with their files' },
        of: ['subject_id', 'uploaded_by'],
        leave: ['reviewer_id', 'review_until', 'first_approved_by', 'decided_by', 'revoked_by'],
      },
    ],
    otherIds: [
      'id',
      'upload_id',
      'supersedes',
      'reviewer_id',
      'first_approved_by',
      'decided_by',
      'revoked_by',
    ],
  },
  requirements: {
    parts: [
      {
        about: 'Requirements that you made or ended',
        erase: { stays: 'they are rules of the server' },
        of: ['created_by', 'ended_by'],
      },
    ],
    otherIds: ['id'],
  },
  uploads: {
    parts: [
      {
        about: 'Your files; each can be read at /api/uploads/{id} while it is kept',
        erase: { own: 'erase-files.ts deletes them from their store' },
        of: ['owner_id'],
        leave: ['path', 'store', 'order_id'],
      },
    ],
    otherIds: ['id', 'order_id'],
  },
  resumable_uploads: {
    parts: [{ about: 'Files that have not arrived whole', erase: 'delete', of: ['owner_id'] }],
    otherIds: ['id'],
  },
  upload_parts: { why: 'the bytes of files that have not arrived whole', otherIds: ['upload_id'] },
  sealed_parts: { why: 'the bytes of files that have not arrived whole', otherIds: ['upload_id'] },
  stale_files: {
    why: 'older copies of files, deleted within minutes and with their file',
    otherIds: ['upload_id'],
  },
  person_keys: {
    parts: [
      {
        about: 'That a key was made for you',
        erase: { own: 'erase.ts destroys it' },
        of: ['account_id'],
        key: ['account_id'],
        leave: ['wrapped', 'wrapped_by'],
      },
    ],
  },
  file_keys: {
    parts: [
      {
        about: 'Which of your files and conversations have a key of their own',
        erase: { own: 'erase-files.ts and erase.ts destroy it with the file or the words' },
        of: ['account_id'],
        key: ['upload_id'],
        leave: ['wrapped', 'wrapped_by'],
      },
    ],
    otherIds: ['upload_id'],
  },
  idempotency_keys: {
    parts: [
      {
        about: 'Requests that may be repeated; kept for a day',
        erase: 'delete',
        of: person => sql`t.account_id = any(${person.ids}::text[])`,
        key: ['account_id', 'key'],
        leave: ['request_hash', 'response', 'target_id'],
      },
    ],
    otherIds: ['target_id'],
  },
  audit_log: {
    parts: [
      // The ids that somebody asked for may be of others' records.
      {
        about: 'What you did',
        erase: { set: { address: '', user_agent: null } },
        of: ['actor_id'],
        leave: ['target_id'],
      },
      {
        about: 'What others did with your records, by the role of who did it',
        erase: { stays: 'it says who read records' },
        of: person =>
          sql`t.target_id = any(${person.ids}::uuid[]) and t.actor_id is distinct from ${person.accountId}::uuid`,
        leave: ['actor_id', 'address', 'user_agent', 'request_id'],
      },
    ],
    otherIds: ['id', 'target_id'],
  },
  notifications: {
    parts: [{ about: 'Your notifications', erase: 'delete', of: ['account_id'], work: true }],
    otherIds: ['id', 'about_id'],
  },
  notification_preferences: {
    parts: [
      {
        about: 'Which notifications you want',
        erase: 'delete',
        of: ['account_id'],
        key: ['account_id', 'kind', 'channel'],
      },
    ],
  },
  notification_settings: {
    parts: [
      {
        about: 'How you want to be told',
        erase: 'delete',
        of: ['account_id'],
        key: ['account_id'],
      },
    ],
  },
  notification_deliveries: {
    parts: [
      {
        about: 'Ways on which news were sent to you',
        erase: 'delete',
        of: ['account_id'],
        work: true,
      },
    ],
    otherIds: ['id', 'news_id', 'notification_id', 'device_id', 'about_id'],
  },
  notification_positions: { why: 'a place in the journal' },
  account_news: {
    parts: [{ about: 'News that you are about to be told', erase: 'delete', of: ['account_id'] }],
    otherIds: ['id', 'about_id'],
  },
  push_devices: {
    parts: [
      {
        about: 'Devices that can be woken for you',
        erase: 'delete',
        of: ['account_id'],
        leave: ['endpoint', 'p256dh', 'auth'],
      },
    ],
    otherIds: ['id', 'family_id'],
  },
  erasures: {
    parts: [
      {
        about: 'Your wish to be erased',
        of: ['account_id'],
        key: ['account_id'],
        erase: { stays: 'it is the proof of the erasure' },
      },
    ],
  },
} as const satisfies Partial<KnownTables>
