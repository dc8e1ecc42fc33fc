import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The arguments of ssh-keygen for each kind of key. */
export const KEY_KINDS: readonly (readonly string[])[] = [
  ['-t', 'ed25519'],
  ['-t', 'rsa', '-b', '2048'],
  ['-t', 'ecdsa', '-b', '256'],
  ['-t', 'ecdsa', '-b', '384'],
  ['-t', 'ecdsa', '-b', '521'],
]

export interface KeyPair {
  /** Of the private key; `.pub` lies beside it. */
  readonly file: string
  /** `type base64` */
  readonly line: string
  /** `SHA256:…` as ssh-keygen prints it. */
  readonly fingerprint: string
}

/** A throw-away key pair; `args` are those of ssh-keygen, such as `-t`, `rsa`. */
export async function makeKeyPair(
  dir: string,
  name: string,
  args: readonly string[] = ['-t', 'ed25519'],
  passphrase = '',
): Promise<KeyPair> {
  const file = join(dir, name)
  await run('ssh-keygen', ['-q', '-N', passphrase, '-C', name, '-f', file, ...args])
  const [type, encoded] = (await readFile(`${file}.pub`, 'utf8')).trim().split(' ')
  const { stdout } = await run('ssh-keygen', ['-l', '-f', `${file}.pub`])
  return { file, line: `${type} ${encoded}`, fingerprint: stdout.split(' ')[1] ?? '' }
}

/** Lets the authority vouch for the key of a user; the certificate lies beside it as `-cert.pub`. */
export async function certify(authority: KeyPair, key: KeyPair, userName: string): Promise<string> {
  await run('ssh-keygen', ['-q', '-s', authority.file, '-I', 'somebody', '-n', userName, `${key.file}.pub`])
  return `${key.file}-cert.pub`
}
