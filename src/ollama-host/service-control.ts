import type { HostMachine } from './host-machine.ts'
import { DAEMON_FOLDER, DAEMON_LABEL, LOG_FILE, LOG_KEEPER_LABEL } from './launchd-daemon.ts'
import { askTool, runCommand } from './tool-step.ts'

/** What systemd and launchd have in common for one service. */
export interface ServiceControl {
  readonly name: string
  /** How its log is read. */
  readonly logCommand: string
  /** Process id while it runs. */
  pid(): Promise<number | undefined>
  /** Whether it is started with the machine. */
  isEnabled(): Promise<boolean>
  /** Reads its files anew, and starts or restarts it, now and with the machine. */
  start(): Promise<void>
  /** Stops it, now and for the next start of the machine. */
  stop(): Promise<void>
  /** After its files have changed or gone. */
  reload(): Promise<void>
}

export function systemdControl(machine: HostMachine, unit: string): ServiceControl {
  const reload = async (): Promise<void> => void (await runCommand(machine, ['systemctl', 'daemon-reload']))
  return {
    name: unit,
    logCommand: `journalctl -u ${unit} -n 50`,
    pid: async () => {
      const text = await askTool(machine, ['systemctl', 'show', '--property=MainPID', '--value', unit])
      return Number(text?.trim()) || undefined
    },
    isEnabled: async () => (await askTool(machine, ['systemctl', 'is-enabled', unit]))?.trim() === 'enabled',
    start: async () => {
      await reload()
      // A unit that has failed too often would not be started again.
      await askTool(machine, ['systemctl', 'reset-failed', unit])
      await runCommand(machine, ['systemctl', 'enable', unit])
      await runCommand(machine, ['systemctl', 'restart', unit])
    },
    stop: async () => void (await runCommand(machine, ['systemctl', 'disable', '--now', unit])),
    reload,
  }
}

export function launchdControl(machine: HostMachine): ServiceControl {
  const labels = [DAEMON_LABEL, LOG_KEEPER_LABEL]
  const print = (label: string) => askTool(machine, ['launchctl', 'print', `system/${label}`])
  const stop = async (): Promise<void> => {
    for (const label of labels)
      if ((await print(label)) !== undefined)
        await runCommand(machine, ['launchctl', 'bootout', `system/${label}`])
  }
  return {
    name: DAEMON_LABEL,
    logCommand: `sudo tail -n 50 ${LOG_FILE}`,
    pid: async () => Number(/^\s*pid = (\d+)$/m.exec((await print(DAEMON_LABEL)) ?? '')?.[1]) || undefined,
    isEnabled: async () => (await print(DAEMON_LABEL)) !== undefined,
    start: async () => {
      await stop()
      for (const label of labels) {
        await askTool(machine, ['launchctl', 'enable', `system/${label}`])
        await runCommand(machine, ['launchctl', 'bootstrap', 'system', `${DAEMON_FOLDER}/${label}.plist`])
      }
    },
    stop,
    // launchd reads its files when they are bootstrapped.
    reload: async () => undefined,
  }
}
