/**
 * The certificate with which an edge speaks TLS itself, without a proxy. The files are read and
 * checked before anything opens, because the library of the server says only that it failed.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ConfigError, textVariable, type Environment } from '../../protocol/kernel/environment.ts'

/** Paths of PEM files: a certificate with its chain, and its key. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
}

const [certificateVariable, keyVariable] = ['TLS_CERT', 'TLS_KEY'] as const

/** Null without both variables. Throws ConfigError. */
export function readTlsFiles(environment: Environment): TlsFiles | null {
  const certificate = textVariable(environment, certificateVariable)
  const key = textVariable(environment, keyVariable)
  if (certificate === null && key === null) return null
  if (certificate === null || key === null) {
    const missing = certificate === null ? certificateVariable : keyVariable
    throw new ConfigError(
      `${missing} is not set; TLS_CERT is the file of a certificate with its chain, TLS_KEY that of its key`,
    )
  }
  const read = certificateOf(certificate)
  if (!read.checkPrivateKey(keyOf(key)))
    throw new ConfigError(`TLS_KEY: ${key} is not the key of the certificate in ${certificate}`)
  return { certificate, key }
}

function certificateOf(path: string): X509Certificate {
  const pem = contentOf(certificateVariable, path)
  try {
    return new X509Certificate(pem)
  } catch {
    throw new ConfigError(`TLS_CERT: ${path} has no certificate in the form of PEM`)
  }
}

function keyOf(path: string): KeyObject {
  const pem = contentOf(keyVariable, path)
  try {
    return createPrivateKey(pem)
  } catch {
    throw new ConfigError(`TLS_KEY: ${path} has no key in the form of PEM, without a passphrase`)
  }
}

function contentOf(variable: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new ConfigError(`${variable}: ${path} cannot be read (${code})`)
  }
}
