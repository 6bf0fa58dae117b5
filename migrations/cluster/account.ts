/**
 * The account that PostgreSQL runs under. PostgreSQL refuses to run as root, so root lends it the
 * account `nobody` and one capability: to reach its files below directories that only root enters,
 * such as /root. PostgreSQL looks for its own programs with access(2). There the kernel ignores the
 * capability of a user who is not root, unless `no_setuid_fixup` is set.
 *
 * Rejected: to make an account, because that changes the users of the machine. Rejected: to open
 * the directories for others or to copy 60 MB to a place that everybody enters.
 */
import { chownSync, existsSync, lchownSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface Account {
  uid: number
  gid: number
}

const nobody: Account = { uid: 65_534, gid: 65_534 }
const setpriv = 'setpriv'

/** Null when this process is not root: then PostgreSQL runs as the same user. */
export function lentAccount(): Account | null {
  if (process.getuid?.() !== 0) return null
  return accountNamed('nobody') ?? nobody
}

/** The words that start `command` as the account; the command itself where none is lent. */
export function asAccount(account: Account | null, command: readonly string[]): string[] {
  if (account === null) return [...command]
  const capability = '+dac_override'
  return [
    setpriv,
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
    '--',
    ...command,
  ]
}

/** Gives a directory and all in it to the account, where it is not the owner. */
export function giveTo(account: Account | null, directory: string): void {
  if (account === null || statSync(directory).uid === account.uid) return
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(directory, entry), account.uid, account.gid)
  // The directory comes last: a run that was cut short begins again.
  chownSync(directory, account.uid, account.gid)
}

function accountNamed(name: string): Account | null {
  if (!existsSync('/etc/passwd')) return null
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find(one => one.startsWith(`${name}:`))
  const [uid, gid] = (line ?? '').split(':').slice(2, 4).map(Number)
  return uid && gid ? { uid, gid } : null
}
