import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'

const DBUS = '/usr/bin/dbus-daemon'

/** Whether a session bus can be started here. */
export const HAS_SESSION_BUS = existsSync(DBUS)

export interface SessionBus {
  /** What programs of the session find in `DBUS_SESSION_BUS_ADDRESS`. */
  readonly address: string
  close(): Promise<void>
}

/** A session bus with nobody on it. */
export async function startSessionBus(): Promise<SessionBus> {
  const bus = spawn(DBUS, ['--session', '--nofork', '--nopidfile', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(bus, 'exit')
  const close = async (): Promise<void> => {
    bus.kill()
    await exited
  }
  const endedEarly = exited.then(() => {
    throw new Error(`${DBUS} ended at once.`)
  })
  const [address] = (await Promise.race([
    once(createInterface({ input: bus.stdout }), 'line'),
    endedEarly,
  ])) as [string]
  // Its end is expected from here on.
  endedEarly.catch(() => undefined)
  return { address, close }
}
