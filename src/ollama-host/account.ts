import { stat } from 'node:fs/promises'
import { AppError } from '../shared/errors/app-error.ts'
import { type HostMachine, on } from './host-machine.ts'
import type { HostStep } from './steps.ts'
import { askTool, runCommand } from './tool-step.ts'

/** Who the service runs as. */
export interface Account {
  readonly uid: number
  readonly gid: number
  /** undefined where its home is not its own. */
  readonly home: string | undefined
}

export function findAccount(machine: HostMachine, user: string): Promise<Account | undefined> {
  return machine.platform === 'darwin' ? findOnMac(machine, user) : findOnLinux(machine, user)
}

/** Makes the account where there is none; it can neither log in nor do anything else. */
export function accountStep(machine: HostMachine, user: string, home: string): HostStep {
  let isNew = false
  const isMac = machine.platform === 'darwin'
  return {
    title: `account ${user}`,
    run: async () => {
      if ((await findAccount(machine, user)) !== undefined) return 'is there'
      isNew = true
      await (isMac ? makeOnMac(machine, user, home) : makeOnLinux(machine, user, home))
      return 'made, without a login'
    },
    undo: async () => {
      if (!isNew) return
      if (!isMac) await runCommand(machine, ['userdel', user])
      else
        for (const record of [`/Users/${user}`, `/Groups/${user}`])
          await askTool(machine, ['dscl', '.', '-delete', record])
    },
  }
}

async function findOnLinux(machine: HostMachine, user: string): Promise<Account | undefined> {
  const line = await askTool(machine, ['getent', 'passwd', user])
  if (line === undefined) return undefined
  const [, , uid, gid, , home = ''] = line.trim().split(':')
  return { uid: Number(uid), gid: Number(gid), home: await homeOf(machine, home, Number(uid)) }
}

/** Groups that may use graphics cards, where the distribution has them. */
const DEVICE_GROUPS = ['video', 'render']

async function makeOnLinux(machine: HostMachine, user: string, home: string): Promise<void> {
  await runCommand(machine, [
    ...(['useradd', '--system', '--user-group', '--no-create-home', '--home-dir', home] as const),
    ...['--shell', '/usr/sbin/nologin', user],
  ])
  for (const group of DEVICE_GROUPS)
    if ((await askTool(machine, ['getent', 'group', group])) !== undefined)
      await runCommand(machine, ['usermod', '--append', '--groups', group, user])
}

async function findOnMac(machine: HostMachine, user: string): Promise<Account | undefined> {
  const keys = ['UniqueID', 'PrimaryGroupID', 'NFSHomeDirectory'] as const
  const text = await askTool(machine, ['dscl', '.', '-read', `/Users/${user}`, ...keys])
  if (text === undefined) return undefined
  const [uid, gid, home] = keys.map((key) => new RegExp(`^${key}: (.+)$`, 'm').exec(text)?.[1])
  return { uid: Number(uid), gid: Number(gid), home: await homeOf(machine, home ?? '', Number(uid)) }
}

/** Ids below 500 are those of accounts that nobody logs in with. */
const MAC_IDS = { from: 300, to: 499 }

async function makeOnMac(machine: HostMachine, user: string, home: string): Promise<void> {
  const taken = new Set([
    ...(await idsOnMac(machine, '/Users', 'UniqueID')),
    ...(await idsOnMac(machine, '/Groups', 'PrimaryGroupID')),
  ])
  const ids = Array.from({ length: MAC_IDS.to - MAC_IDS.from + 1 }, (_, index) => MAC_IDS.from + index)
  const id = ids.find((candidate) => !taken.has(candidate))
  if (id === undefined)
    throw new AppError('ollama-host.step-failed', 'No id below 500 is free for an account.', {
      remedy: 'Name an account that there is, with --user.',
    })
  const create = (record: string, key: string, value: string) =>
    runCommand(machine, ['dscl', '.', '-create', record, key, value])
  await create(`/Groups/${user}`, 'PrimaryGroupID', String(id))
  for (const [key, value] of [
    ['UniqueID', String(id)],
    ['PrimaryGroupID', String(id)],
    ['UserShell', '/usr/bin/false'],
    ['NFSHomeDirectory', home],
    ['RealName', 'Ollama'],
    ['IsHidden', '1'],
  ] as const)
    await create(`/Users/${user}`, key, value)
}

async function idsOnMac(machine: HostMachine, records: string, key: string): Promise<number[]> {
  const text = await runCommand(machine, ['dscl', '.', '-list', records, key])
  return [...text.matchAll(/\s(\d+)$/gm)].map(([, id]) => Number(id))
}

/** Some accounts have a folder of the system as their home, or one that there is not. */
async function homeOf(machine: HostMachine, home: string, uid: number): Promise<string | undefined> {
  const found = home.startsWith('/') ? await stat(on(machine, home)).catch(() => undefined) : undefined
  return found?.uid === uid && found.isDirectory() ? home : undefined
}
