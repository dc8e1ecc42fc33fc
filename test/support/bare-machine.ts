import { execFileSync, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Everything a minimal Linux has besides bash, curl and tar: coreutils, grep and gzip. No jq, python or node. */
const TOOLS =
  'bash curl tar gzip cat chmod cp mkdir mktemp mv readlink rm rmdir sha256sum sleep tr uname grep dirname'.split(
    ' ',
  )

const NOBODY = 65_534

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface BareMachine {
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  /** Runs a bash command line as a user there would, without a terminal. */
  run(command: string, env?: Readonly<Record<string, string>>): Promise<Outcome>
  /** The same by a user for whom read-only means that; the home folder becomes theirs. */
  runUnprivileged(command: string): Promise<Outcome>
  remove(): Promise<void>
}

/** An empty HOME and a PATH with only what a bare machine has. */
export async function makeBareMachine(...extraTools: string[]): Promise<BareMachine> {
  const root = await mkdtemp(join(tmpdir(), 'bare-machine-'))
  const home = join(root, 'home dir')
  const bin = join(root, 'bin')
  await mkdir(home)
  await mkdir(bin)
  for (const tool of [...TOOLS, ...extraTools])
    await symlink(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(bin, tool))
  const env = { HOME: home, PATH: bin, TMPDIR: root, LANG: 'C.UTF-8' }
  return {
    home,
    env,
    run: (command, extra = {}) => runIn(home, command, { ...env, ...extra }),
    runUnprivileged: async (command) => {
      if (process.getuid?.() !== 0) return runIn(home, command, env)
      execFileSync('chown', ['-R', '-h', `${NOBODY}:${NOBODY}`, root])
      return runIn(home, command, env, NOBODY)
    },
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

function runIn(
  cwd: string,
  command: string,
  env: Readonly<Record<string, string>>,
  uid?: number,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // Its own session, so that there is no terminal to ask on even when the tests run in one.
    const child = spawn('/bin/bash', ['-c', command], {
      cwd,
      env,
      ...(uid === undefined ? {} : { uid, gid: uid }),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const text = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...text }))
  })
}
