import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { isAlive, waitUntil } from '../../support/start-sshd.ts'

const DEMO = fileURLToPath(new URL('../../../scripts/demo.ts', import.meta.url))

function descendantsOf(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number))
  const below = (parent: number): number[] =>
    rows.flatMap(([child = 0, of]) => (of === parent ? [child, ...below(child)] : []))
  return below(pid)
}

test('a demo that is killed outright leaves no sshd, no relay and no bridge behind', async () => {
  // It cannot clear away what it made either.
  const folder = await makeTempDir('demo-')
  const demo = spawn(process.execPath, [DEMO, '--json'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void demo.kill('SIGKILL'))
  for await (const line of createInterface({ input: demo.stdout })) if (line.includes('"proven"')) break
  const started = descendantsOf(demo.pid ?? 0)
  onTestFinished(() => {
    for (const pid of started.filter(isAlive)) process.kill(pid, 'SIGKILL')
  })
  // Two hosts with a session each, the relay and the bridge.
  expect(started.length).toBeGreaterThanOrEqual(6)
  const exited = once(demo, 'exit')
  demo.kill('SIGKILL')
  await exited
  await waitUntil(() => !started.some(isAlive), 10_000)
  expect(started.filter(isAlive)).toEqual([])
})
