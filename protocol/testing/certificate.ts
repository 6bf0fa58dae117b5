/** Certificates that sign themselves, made by openssl for tests. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export interface MadeCertificate {
  /** Paths of PEM files. */
  key: string
  cert: string
}

/**
 * Makes a certificate for these names, such as `DNS:localhost`, in a folder. Throws when openssl is
 * missing or fails.
 */
export function makeCertificate(folder: string, ...names: string[]): MadeCertificate {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${names.join(',')}`]
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-days', '2', '-keyout', key, '-out', cert, ...subject],
    { stdio: 'ignore' },
  )
  return { key, cert }
}
