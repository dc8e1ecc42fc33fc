import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HAS_SESSION_BUS, type SessionBus, startSessionBus } from './start-session-bus.ts'
import { waitUntil } from './start-sshd.ts'

const run = promisify(execFile)

const KEYRING = '/usr/bin/gnome-keyring-daemon'

/** Why no Secret Service can be started here; undefined when one can. */
export const NO_KEYRING: string | undefined =
  HAS_SESSION_BUS && existsSync(KEYRING)
    ? undefined
    : 'The keychain needs a Secret Service; install the packages dbus-daemon and gnome-keyring to test it.'

/** A real, empty, unlocked Secret Service on a session bus of its own. */
export async function startKeyring(): Promise<{ busAddress: string; close: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'keyring-'))
  await mkdir(join(dir, 'run'), { mode: 0o700 })
  let bus: SessionBus | undefined
  let keyring: ChildProcess | undefined
  const close = async () => {
    if (keyring?.exitCode === null && keyring.signalCode === null) {
      const exited = once(keyring, 'exit')
      keyring.kill()
      await exited
    }
    await bus?.close()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    bus = await startSessionBus()
    const busAddress = bus.address
    keyring = spawn(KEYRING, ['--foreground', '--unlock', '--components=secrets'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        XDG_DATA_HOME: dir,
        XDG_RUNTIME_DIR: join(dir, 'run'),
        DBUS_SESSION_BUS_ADDRESS: busAddress,
      },
    })
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
