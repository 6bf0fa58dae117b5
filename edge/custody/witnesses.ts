/**
 * Witnesses hear of checkpoints, so that others hold what this log has said, and it cannot tell
 * somebody else another story. One interface has three kinds: a file, a webhook, and a server that
 * cosigns (c2sp.org/tlog-witness).
 */
import { appendFile } from 'node:fs/promises'
import { parseKey, type NoteKey } from '../../protocol/custody-log/keys.ts'
import { parseNote, signatureBy } from '../../protocol/custody-log/notes.ts'
import { ConfigError, isBaseUrl } from '../../protocol/kernel/environment.ts'
import { custodyLimits } from './limits.ts'

/** A checkpoint as a witness hears it. */
export interface News {
  logKey: string
  size: number
  note: string
  /** The hashes that prove that a smaller tree is a beginning of this one; none for an empty one. */
  consistencyFrom(size: number): Promise<Uint8Array[]>
}

export interface Witness {
  /** The text of the setting; it may have a secret in its address. */
  name: string
  /** For lines of the log. */
  shortName: string
  /** Null for a witness that does not sign. */
  key: NoteKey | null
  /**
   * Tells a checkpoint to a witness that has one of `lastSize` entries, zero for none. Returns the
   * lines of the cosignatures. Rejects when the witness did not take it.
   */
  tell(news: News, lastSize: number): Promise<string>
}

/** Reads one entry of CUSTODY_WITNESSES. Throws ConfigError. */
export function witnessOf(name: string): Witness {
  if (name.startsWith('file:')) return file(name)
  const at = name.search(/@https?:\/\//)
  if (at >= 0) return server(name, name.slice(0, at), name.slice(at + 1))
  if (isBaseUrl(name)) return webhook(name)
  throw new ConfigError(
    'CUSTODY_WITNESSES: an entry is none of file:/path, https://host/path and KEY@https://host/path',
  )
}

/** Appends each checkpoint and an empty line. */
const file = (name: string): Witness => ({
  name,
  shortName: name,
  key: null,
  async tell({ note }) {
    await appendFile(name.slice('file:'.length), `${note}\n`, { mode: 0o644 })
    return ''
  },
})

async function post(url: string, contentType: string, body: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(custodyLimits.witnessMs),
  })
}

/** The answer as a text, of which a stranger chooses the length. */
async function textOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length
    if (bytes > custodyLimits.witnessBytesMax) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const webhook = (name: string): Witness => ({
  name,
  shortName: new URL(name).host,
  key: null,
  async tell({ logKey, size, note }) {
    const answer = await post(
      name,
      'application/json',
      JSON.stringify({ type: 'custody.checkpoint', log_key: logKey, size, note }),
    )
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`answered ${answer.status}`)
    return ''
  },
})

function server(name: string, keyText: string, url: string): Witness {
  let key: NoteKey
  try {
    key = parseKey('witness', keyText)
  } catch (error) {
    throw new ConfigError(`CUSTODY_WITNESSES: the key of a witness ${(error as Error).message}`)
  }
  if (!isBaseUrl(url))
    throw new ConfigError('CUSTODY_WITNESSES: the address of a witness is no URL')
  const address = `${url.replace(/\/$/, '')}/add-checkpoint`
  const ask = async (news: News, lastSize: number): Promise<Response> => {
    const hashes = lastSize === 0 ? [] : await news.consistencyFrom(lastSize)
    const proof = hashes.map(hash => `${Buffer.from(hash).toString('base64')}\n`).join('')
    return post(address, 'text/plain', `old ${lastSize}\n${proof}\n${news.note}`)
  }
  return {
    name,
    shortName: key.name,
    key,
    async tell(news, lastSize) {
      let answer = await ask(news, lastSize)
      if (answer.status === 409) {
        // It has another checkpoint than we remember, and says which.
        const size = Number((await textOf(answer)).trim())
        if (!Number.isSafeInteger(size) || size < 0 || size > news.size)
          throw new Error('has a checkpoint of a larger tree')
        answer = await ask(news, size)
      }
      if (answer.status !== 200) {
        await answer.body?.cancel()
        throw new Error(`answered ${answer.status}`)
      }
      const lines = (await textOf(answer)).split('\n').filter(line => line !== '')
      const own = lines.filter(line => {
        const note = parseNote(`${news.note}${line}\n`)
        return signatureBy(key, note).outcome === 'good'
      })
      if (own.length !== 1) throw new Error('did not sign the checkpoint')
      return `${own[0]}\n`
    },
  }
}
