import { access, constants, readFile } from 'node:fs/promises'
import { freemem, networkInterfaces, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'
import { type RunTool, toolRunner } from '../node/run-tool.ts'

/** The machine that has the models, as the installation sees and changes it. */
export interface HostMachine {
  readonly platform: NodeJS.Platform
  /** Of the user who asks; 0 is root. */
  readonly uid: number
  /** Before every path; `/` but in tests. */
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly run: RunTool
  addresses(): readonly string[]
  memory(): { readonly totalBytes: number; readonly freeBytes: number }
}

/** A service that is stopped may first finish what it has under way. */
const STEP_TIMEOUT_MS = 90_000

export function thisMachine(): HostMachine {
  const { env, platform } = process
  return {
    platform,
    uid: process.geteuid?.() ?? -1,
    root: '/',
    env,
    run: toolRunner(env, STEP_TIMEOUT_MS),
    addresses: () =>
      Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)),
    memory: () => ({ totalBytes: totalmem(), freeBytes: freemem() }),
  }
}

/** Where a path of the service is on this machine. */
export function on(machine: HostMachine, path: string): string {
  return join(machine.root, path)
}

/** Of a file that may not be there. */
export async function textOf(machine: HostMachine, path: string): Promise<string | undefined> {
  return readFile(on(machine, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
}

const BINARY_FOLDERS = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin', '/opt/ollama/bin']
const APP_BINARY = '/Applications/Ollama.app/Contents/Resources/ollama'

/** The program itself: first where the service can always read it, then along PATH. */
export async function findOllama(machine: HostMachine): Promise<string | undefined> {
  const fromPath = (machine.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  const usual = BINARY_FOLDERS.map((folder) => join(folder, 'ollama'))
  for (const path of [...usual, APP_BINARY]) if (await mayRun(on(machine, path))) return path
  for (const folder of fromPath) if (await mayRun(join(folder, 'ollama'))) return join(folder, 'ollama')
  return undefined
}

export function mayRun(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
