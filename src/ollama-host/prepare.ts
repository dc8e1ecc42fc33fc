import { readdir } from 'node:fs/promises'
import { isWildcard, listenersOn } from '../node/listeners.ts'
import { holderText, portHolder } from '../node/port-holder.ts'
import { AppError } from '../shared/errors/app-error.ts'
import { findAccount } from './account.ts'
import { checkBindAddress, isLoopback } from './bind-address.ts'
import { type FoundService, findService, stockUnit } from './find-service.ts'
import { findOllama, type HostMachine, mayRun, on, textOf } from './host-machine.ts'
import { DAEMON_FOLDER, DAEMON_LABEL } from './launchd-daemon.ts'
import { type OllamaService, placeOf, type ServiceFile } from './service.ts'
import { serviceFiles } from './service-files.ts'
import { ollamaService, type ServiceOptions } from './service-options.ts'
import type { Say } from './steps.ts'

export type InstallRequest = Omit<ServiceOptions, 'platform' | 'home' | 'deviceHelper'>

/** What is to be done, after everything has been looked at and nothing has been changed. */
export interface Prepared {
  readonly service: OllamaService
  readonly before: FoundService | undefined
  readonly files: readonly ServiceFile[]
}

const DEVICE_HELPER = '/usr/bin/nvidia-modprobe'

/** @throws AppError `ollama-host.…` for what stands in the way. */
export async function prepare(machine: HostMachine, request: InstallRequest, say: Say): Promise<Prepared> {
  const platform = supported(machine)
  const address = checkBindAddress(request.bind)
  mustBeRoot(machine)
  const binary = await binaryOf(machine, request)
  say(`  found   ${binary}`)
  const before = await findService(machine)
  const isStock = before?.kind === 'stock' || before?.kind === 'changed'
  if (isStock) say(`  found   ${before.control.name} of Ollama's installer: it stays, a drop-in changes it`)
  const user = request.user ?? (isStock ? userIn((await stockUnit(machine)) ?? '') : undefined)
  const home = user === undefined ? undefined : (await findAccount(machine, user))?.home
  const service = ollamaService({
    ...request,
    platform,
    binary,
    ...(user === undefined ? {} : { user }),
    ...(home === undefined ? {} : { home }),
    ...((await mayRun(on(machine, DEVICE_HELPER))) ? { deviceHelper: DEVICE_HELPER } : {}),
  })
  mustBeOwn(machine, address)
  if (isLoopback(address))
    say(`  note    ${address}: only this machine, and whoever comes by SSH, reaches it`)
  await mustBeAlone(machine, say)
  await mustBeFree(service, before)
  return { service, before, files: serviceFiles(service, isStock) }
}

export function supported(machine: HostMachine): 'linux' | 'darwin' {
  const { platform } = machine
  if (platform === 'linux' || platform === 'darwin') return platform
  throw new AppError('ollama-host.unsupported', `No service manager is known on ${platform}.`)
}

export function mustBeRoot({ uid }: HostMachine): void {
  if (uid !== 0) throw new AppError('ollama-host.needs-root', 'This needs root.')
}

async function binaryOf(machine: HostMachine, { binary }: InstallRequest): Promise<string> {
  if (binary !== undefined && !(await mayRun(on(machine, binary))))
    throw new AppError('ollama-host.no-binary', `${binary} is no program that can be run.`)
  const found = binary ?? (await findOllama(machine))
  if (found !== undefined) return found
  throw new AppError('ollama-host.no-binary', 'There is no "ollama" in the usual folders and along PATH.')
}

/** A unit that runs as root is given the usual account. */
function userIn(unit: string): string | undefined {
  const user = /^User=(.+)$/m.exec(unit)?.[1]?.trim()
  return user === undefined || user === 'root' ? undefined : user
}

function mustBeOwn(machine: HostMachine, address: string): void {
  const own = machine.addresses()
  if (own.includes(address) || isLoopback(address)) return
  throw new AppError('ollama-host.bind-refused', `This machine does not have the address ${address}.`, {
    remedy: `It has ${own.filter((one) => !one.startsWith('fe80:')).join(', ')}. Give it a fixed one first, for example by a lease of the router.`,
  })
}

/** Others that start Ollama on a Mac would fight for the port after the next start. */
async function mustBeAlone(machine: HostMachine, say: Say): Promise<void> {
  if (machine.platform !== 'darwin') return
  for (const name of await names(machine, DAEMON_FOLDER)) {
    const isOllama = /ollama/i.test(name) && !name.startsWith(DAEMON_LABEL)
    if (isOllama)
      throw new AppError('ollama-host.other-service', `${DAEMON_FOLDER}/${name} starts Ollama already.`, {
        remedy: `Stop it with "sudo launchctl bootout system ${DAEMON_FOLDER}/${name}" and remove the file; one that Homebrew made goes with "sudo brew services stop ollama".`,
      })
  }
  for (const user of await names(machine, '/Users')) {
    const folder = `/Users/${user}/Library/LaunchAgents`
    for (const name of await names(machine, folder))
      if (/ollama/i.test(name))
        say(`  NOTE    ${folder}/${name} starts another Ollama when ${user} logs in; remove it`)
  }
}

async function names(machine: HostMachine, folder: string): Promise<string[]> {
  return readdir(on(machine, folder)).catch(() => [])
}

async function mustBeFree({ address, port }: OllamaService, before: FoundService | undefined): Promise<void> {
  const taken = (await listenersOn(port)).filter((one) => one === address || isWildcard(one))
  if (taken.length === 0) return
  const holder = await portHolder(address, port)
  if (holder !== undefined && holder.pid === (await before?.control.pid())) return
  throw new AppError(
    'ollama-host.port-taken',
    `${placeOf({ address, port })} is held by ${holderText(holder)}.`,
  )
}

/** Whether everything is there already, letter for letter. */
export async function isUnchanged(machine: HostMachine, files: readonly ServiceFile[]): Promise<boolean> {
  const there = await Promise.all(files.map(({ path }) => textOf(machine, path)))
  return files.every(({ content }, index) => there[index] === content)
}
