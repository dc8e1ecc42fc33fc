import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { waitUntil } from './start-sshd.ts'

const run = promisify(execFile)

export interface Agent {
  readonly socketPath: string
  /** `ssh-add` with these arguments. */
  add(...args: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** A real ssh-agent with no keys. */
export async function startAgent(teardown: (close: () => Promise<void>) => void): Promise<Agent> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-'))
  const socketPath = join(dir, 'agent.sock')
  // Nobody is there to be asked: a key that needs confirmation is refused.
  const env = {
    PATH: process.env.PATH,
    SSH_ASKPASS: '/bin/false',
    SSH_ASKPASS_REQUIRE: 'force',
    DISPLAY: ':99',
  }
  const agent = spawn('ssh-agent', ['-D', '-a', socketPath], { env, stdio: 'ignore' })
  const close = async () => {
    if (agent.exitCode === null && agent.signalCode === null) {
      const exited = once(agent, 'exit')
      agent.kill()
      await exited
    }
    await rm(dir, { recursive: true, force: true })
  }
  teardown(close)
  if (!(await waitUntil(() => existsSync(socketPath), 10_000))) throw new Error('ssh-agent did not start.')
  return {
    socketPath,
    add: async (...args) => {
      await run('ssh-add', ['-q', ...args], { env: { ...env, SSH_AUTH_SOCK: socketPath } })
    },
    close,
  }
}
