import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toolRunner } from '../../src/node/run-tool.ts'
import type { HostMachine } from '../../src/ollama-host/host-machine.ts'

const HERE = fileURLToPath(new URL('./ollama-host', import.meta.url))

/** An account of this machine that is not root, so that nothing has to be made. */
export const SOMEBODY = process.getuid?.() === 0 ? 'daemon' : userInfo().username

export interface OllamaHost {
  readonly machine: HostMachine
  readonly root: string
  /** Everything that was said, a line each. */
  readonly said: string[]
  say(line: string): void
  /** Calls of systemctl, launchctl and the like so far. */
  calls(): Promise<string[]>
  put(path: string, text: string): Promise<void>
  /** Text of a file below the root; undefined where there is none. */
  read(path: string): Promise<string | undefined>
  /** From the next start on. */
  behave(does: 'serves' | 'serves anew' | 'exits' | 'is wide'): Promise<void>
}

/** An empty machine in a folder; what is double is the service manager and the list of accounts, never Ollama's port. */
export async function makeOllamaHost(
  teardown: (close: () => Promise<void>) => void,
  platform: 'linux' | 'darwin' = 'linux',
): Promise<OllamaHost> {
  const root = await mkdtemp(join(tmpdir(), 'ollama-host-'))
  const bin = join(root, 'tool-bin')
  const env = { PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`, TOOL_ROOT: root }
  await mkdir(bin)
  for (const tool of ['systemctl', 'launchctl'])
    await program(join(bin, tool), `exec '${process.execPath}' '${HERE}/${tool}.ts' "$@"`)
  if (platform === 'darwin') await symlink(join(HERE, 'dscl'), join(bin, 'dscl'))
  else await symlink(join(HERE, 'getent'), join(bin, 'getent'))
  for (const tool of ['useradd', 'usermod', 'userdel']) await symlink(join(HERE, 'useradd'), join(bin, tool))
  await program(join(root, 'usr/local/bin/ollama'), `exec '${process.execPath}' '${HERE}/ollama.ts' "$@"`)
  await mkdir(join(root, 'tool-state'))
  const said: string[] = []
  const run = toolRunner({ ...env }, 30_000)
  teardown(async () => {
    for (const line of await pidsIn(join(root, 'tool-state'))) process.kill(line, 'SIGTERM')
    await rm(root, { recursive: true, force: true })
  })
  const read = (path: string): Promise<string | undefined> =>
    readFile(join(root, path), 'utf8').catch(() => undefined)
  return {
    machine: {
      ...{ platform, uid: 0, root, env, run },
      addresses: () =>
        Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)),
      memory: () => ({ totalBytes: 64 * 2 ** 30, freeBytes: 32 * 2 ** 30 }),
    },
    root,
    said,
    say: (line) => void said.push(line),
    calls: async () => ((await read('tool-state/calls')) ?? '').split('\n').filter((line) => line !== ''),
    put: async (path, text) => {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    },
    read,
    behave: (does) => writeFile(join(root, 'behaviour'), does),
  }
}

async function program(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `#!/bin/sh\n${line}\n`)
  await chmod(path, 0o755)
}

async function pidsIn(state: string): Promise<number[]> {
  const { readdir } = await import('node:fs/promises')
  const names = (await readdir(state)).filter((name) => /\.(?:pid|job)$/.test(name))
  const pids = await Promise.all(names.map(async (name) => Number(await readFile(join(state, name), 'utf8'))))
  return pids.filter((pid) => pid > 1 && isThere(pid))
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
