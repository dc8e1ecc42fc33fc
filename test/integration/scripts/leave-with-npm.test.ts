import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { isAlive, waitUntil } from '../../support/start-sshd.ts'

const LEAVE = fileURLToPath(new URL('../../../scripts/leave-with-npm.ts', import.meta.url))

/** A package whose `start` writes down its process id and that of its shell, and how it was ended. */
async function startWithNpm(): Promise<{
  readonly npm: ChildProcess
  readonly dir: string
  readonly pid: number
}> {
  const dir = await mkdtemp(join(tmpdir(), 'npm-'))
  const scripts = { start: 'node start.ts' }
  await writeFile(join(dir, 'package.json'), JSON.stringify({ type: 'module', scripts }))
  await writeFile(
    join(dir, 'start.ts'),
    `import { writeFileSync } from 'node:fs'
     import { leaveWithNpm } from ${JSON.stringify(LEAVE)}
     leaveWithNpm()
     const staying = setInterval(() => {}, 1000)
     process.on('SIGTERM', () => { writeFileSync('ended', 'in order'); clearInterval(staying) })
     writeFileSync('pids', process.pid + ' ' + process.ppid)`,
  )
  const npm = spawn('npm', ['start'], { cwd: dir, stdio: 'ignore', detached: true })
  const pidsFile = join(dir, 'pids')
  const pids = async (): Promise<number[]> =>
    (await readFile(pidsFile, 'utf8').catch(() => '')).split(' ').filter(Boolean).map(Number)
  expect(await waitUntil(async () => (await pids()).length === 2, 20_000)).toBe(true)
  const [pid = 0, shell = 0] = await pids()
  onTestFinished(async () => {
    for (const left of [pid, shell]) if (left !== npm.pid && isAlive(left)) process.kill(left, 'SIGKILL')
    npm.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  })
  return { npm, dir, pid }
}

test.runIf(process.platform !== 'win32').each(['SIGTERM', 'SIGKILL'] as const)(
  'what npm started ends in order when npm gets %s',
  async (signal) => {
    const { npm, dir, pid } = await startWithNpm()
    const exited = once(npm, 'exit')
    npm.kill(signal)
    await exited
    expect(await waitUntil(() => !isAlive(pid), 10_000)).toBe(true)
    expect(await readFile(join(dir, 'ended'), 'utf8')).toBe('in order')
  },
)
