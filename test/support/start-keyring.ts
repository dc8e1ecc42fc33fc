import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { waitUntil } from './start-sshd.ts'

const run = promisify(execFile)

const DBUS = '/usr/bin/dbus-daemon'
const KEYRING = '/usr/bin/gnome-keyring-daemon'

/** Why no Secret Service can be started here; undefined when one can. */
export const NO_KEYRING: string | undefined = [DBUS, KEYRING].every((path) => existsSync(path))
  ? undefined
  : 'The keychain needs a Secret Service; install the packages dbus-daemon and gnome-keyring to test it.'

/** A real, empty, unlocked Secret Service on a session bus of its own. */
export async function startKeyring(): Promise<{ busAddress: string; close: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'keyring-'))
  await mkdir(join(dir, 'run'), { mode: 0o700 })
  const children: ChildProcess[] = []
  const close = async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exited = once(child, 'exit')
      child.kill()
      await exited
    }
    await rm(dir, { recursive: true, force: true })
  }
  try {
    const bus = spawn(DBUS, ['--session', '--nofork', '--nopidfile', '--print-address=1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    children.push(bus)
    const busAddress = await firstLine(bus)
    const keyring = spawn(KEYRING, ['--foreground', '--unlock', '--components=secrets'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        XDG_DATA_HOME: dir,
        XDG_RUNTIME_DIR: join(dir, 'run'),
        DBUS_SESSION_BUS_ADDRESS: busAddress,
      },
    })
    children.push(keyring)
    keyring.stdin?.end('test\n')
    if (!(await waitUntil(() => isOnBus(busAddress), 10_000))) throw new Error('gnome-keyring did not start.')
    return { busAddress, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function isOnBus(busAddress: string): Promise<boolean> {
  const call = ['org.freedesktop.DBus.NameHasOwner', 'string:org.freedesktop.secrets']
  const to = ['--print-reply', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus']
  const { stdout } = await run('dbus-send', [`--bus=${busAddress}`, ...to, ...call])
  return stdout.includes('boolean true')
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The output is not read.')
  const lines = createInterface({ input: child.stdout })
  const exited = once(child, 'exit').then(() => {
    throw new Error(`${child.spawnfile} ended at once.`)
  })
  const [line] = (await Promise.race([once(lines, 'line'), exited])) as [string]
  return line
}
