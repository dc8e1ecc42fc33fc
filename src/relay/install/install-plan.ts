import { join } from 'node:path'
import { AGENT_LABEL, launchdAgent } from './launchd-agent.ts'
import type { RelayService } from './service.ts'
import { systemdUnit, UNIT_NAME } from './systemd-unit.ts'

export type ServiceManager = 'systemd' | 'launchd'

/** Commands that are run one after another. */
export type Step = readonly [string, ...string[]]

export interface InstallPlan {
  readonly manager: ServiceManager
  /** The one file that is written, and removed again. */
  readonly path: string
  readonly content: string
  readonly start: readonly Step[]
  readonly stop: readonly Step[]
  /** Needed after the file is gone. */
  readonly afterRemoval: readonly Step[]
  /** What the owner may want to do besides. */
  readonly hints: readonly string[]
}

export interface Machine {
  readonly platform: NodeJS.Platform
  readonly home: string
  readonly uid: number
  readonly userName: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** `undefined` where this kind of machine has no service manager that we know. */
export function installPlan(machine: Machine, service: RelayService): InstallPlan | undefined {
  if (machine.platform === 'linux') return systemdPlan(machine, service)
  return machine.platform === 'darwin' ? launchdPlan(machine, service) : undefined
}

function systemdPlan(machine: Machine, service: RelayService): InstallPlan {
  const config = machine.env.XDG_CONFIG_HOME || join(machine.home, '.config')
  return {
    manager: 'systemd',
    path: join(config, 'systemd/user', UNIT_NAME),
    content: systemdUnit(service),
    start: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', UNIT_NAME],
      ['systemctl', '--user', 'restart', UNIT_NAME],
    ],
    stop: [['systemctl', '--user', 'disable', '--now', UNIT_NAME]],
    afterRemoval: [['systemctl', '--user', 'daemon-reload']],
    hints: [
      `To keep it running while you are logged out: sudo loginctl enable-linger ${machine.userName}`,
      `Its log: journalctl --user -u ${UNIT_NAME} -f`,
    ],
  }
}

function launchdPlan(machine: Machine, service: RelayService): InstallPlan {
  const path = join(machine.home, 'Library/LaunchAgents', `${AGENT_LABEL}.plist`)
  const domain = `gui/${machine.uid}`
  return {
    manager: 'launchd',
    path,
    content: launchdAgent(service),
    start: [['launchctl', 'bootstrap', domain, path]],
    stop: [['launchctl', 'bootout', `${domain}/${AGENT_LABEL}`]],
    afterRemoval: [],
    hints: [`Its log: ${join(service.dataDir, 'relay.log')}`],
  }
}
