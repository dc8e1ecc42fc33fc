import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '../../../node/make-folder.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { ResolvedHost } from '../resolved-host.ts'
import { keyTypeOf } from './fingerprint.ts'
import { hashedName, recordName } from './host-name.ts'

/**
 * Adds the key of a host to the first of its user files. Resolves with that file, or with undefined when the
 * configuration has none; rejects with `ssh.known-hosts-unusable`.
 */
export async function rememberHostKey(host: ResolvedHost, key: Buffer): Promise<string | undefined> {
  const file = host.userKnownHostsFiles[0]
  if (file === undefined) return undefined
  const name = recordName(host)
  const line = `${host.hashKnownHosts ? hashedName(name) : name} ${keyTypeOf(key)} ${key.toString('base64')}\n`
  try {
    await appendLine(file, line)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new AppError(
      'ssh.known-hosts-unusable',
      `The key of ${name} could not be added to ${file} (${code}).`,
      {
        cause: error,
      },
    )
  }
  return file
}

/** One write at the end of the file: lines that other programs add at the same time stay whole. */
async function appendLine(file: string, line: string): Promise<void> {
  await makeFolder(dirname(file))
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const last = Buffer.alloc(1)
    if (size > 0) await handle.read(last, 0, 1, size - 1)
    const isInMidLine = size > 0 && last.toString() !== '\n'
    await handle.appendFile(isInMidLine ? `\n${line}` : line)
  } finally {
    await handle.close()
  }
}
