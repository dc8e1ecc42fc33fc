import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MODULE = new URL('../../../src/main/ssh/config/resolve-host.ts', import.meta.url).href
/** Nobody has an account of that number. */
const UID = 1_234_567_890

/** What a process of a user that the system has no entry of takes for the name of that user. */
async function nameWith(env: Readonly<Record<string, string>>): Promise<string> {
  const code = `import { ownSshOptions } from ${JSON.stringify(MODULE)}
    console.log(ownSshOptions(process.env).userName)`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', code],
    // The home folder is in that entry too, so it has to be said.
    { uid: UID, gid: UID, cwd: '/', env: { HOME: '/', ...env } },
  )
  return stdout.trim()
}

test.skipIf(process.getuid?.() !== 0)(
  'a user without an entry in the system is called as the environment says, or by number',
  async () => {
    expect(await nameWith({ USER: 'ann' })).toBe('ann')
    expect(await nameWith({ USER: 'ann', LOGNAME: 'bea' })).toBe('bea')
    expect(await nameWith({})).toBe(String(UID))
  },
)
