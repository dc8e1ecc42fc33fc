import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Why no throw-away user can be made here; undefined when one can. */
export const NO_USERS: string | undefined =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'Logging in with a password at a real sshd needs a throw-away user, which only root on Linux can make.'
    : undefined

/** A user of this machine without a home; `remove` deletes it again. */
export async function makeUser(password: string): Promise<{ name: string; remove: () => Promise<void> }> {
  const name = `sb-test-${process.pid}`
  const { stdout: hash } = await run('openssl', ['passwd', '-6', password])
  await run('useradd', ['--no-create-home', '--shell', '/bin/sh', '--password', hash.trim(), name])
  return {
    name,
    remove: async () => {
      await run('userdel', ['--force', name])
    },
  }
}
