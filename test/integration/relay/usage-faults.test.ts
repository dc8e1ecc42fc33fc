import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeDir, send, startUsage, until } from '../../support/start-usage.ts'

/** A file system of 8 MiB, where the tests run as root; undefined elsewhere. */
async function tinyDisk(): Promise<string | undefined> {
  const dir = await makeDir()
  const disk = join(dir, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', disk])
  })
  return disk
}

describe('usage when something breaks', () => {
  it('waits in memory while the disk is full and is written once there is room', async (context) => {
    const disk = await tinyDisk()
    if (disk === undefined) {
      context.skip('NOT TESTED: only root can mount the tiny disk that this test fills')
      return
    }
    const usage = startUsage(disk)
    send(usage)
    await until(() => usage.summary().storage.unsaved === 0)
    try {
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(16 * 1024 * 1024))
    } catch {
      // The disk is full now, as wanted.
    }
    for (let index = 0; index < 3000; index += 1) send(usage)
    await until(() => usage.summary().storage.state === 'behind')
    const { requests, storage } = usage.summary()
    expect([requests, storage.unsaved > 0, storage.dropped]).toEqual([3001, true, 0])
    expect(storage.notice).toContain('the disk is full')
    rmSync(join(disk, 'ballast'))
    await until(() => usage.summary().storage.unsaved === 0)
    expect(usage.summary().storage).toMatchObject({ state: 'ok', notice: null })
    usage.close()
    expect(startUsage(disk).summary().requests).toBe(3001)
  })

  it('is kept in memory, and said so, where the folder can never hold a database', async () => {
    const file = join(await makeDir(), 'not-a-folder')
    writeFileSync(file, '')
    const usage = startUsage(join(file, 'data'))
    send(usage)
    const { requests, storage } = usage.summary()
    expect([requests, storage.state, storage.unsaved]).toEqual([1, 'memory', 1])
    expect(storage.notice).toContain('in memory only')
    usage.close()
  })

  it('is kept in memory where the database is read-only', async (context) => {
    const dir = await makeDir()
    const first = startUsage(dir)
    send(first)
    first.close()
    if (process.getuid?.() === 0) {
      try {
        // Root may write whatever the mode says, except to a read-only mount.
        execFileSync('mount', ['--bind', dir, dir], { stdio: 'ignore' })
        execFileSync('mount', ['-o', 'remount,ro,bind', dir], { stdio: 'ignore' })
      } catch {
        context.skip('NOT TESTED: this root may not mount')
        return
      }
      onTestFinished(() => {
        execFileSync('umount', ['-l', dir])
      })
    } else {
      chmodSync(join(dir, 'usage.db'), 0o400)
      chmodSync(dir, 0o500)
      onTestFinished(() => chmodSync(dir, 0o700))
    }
    const usage = startUsage(dir)
    send(usage)
    expect(usage.summary().storage.state).not.toBe('ok')
    expect(usage.summary().storage.notice).toContain('cannot be written')
    usage.close()
  })

  it('survives SIGKILL: what had ended is counted, what was under way is lost, nothing twice', async () => {
    const dir = await makeDir()
    const program = fileURLToPath(new URL('../../support/usage-process.ts', import.meta.url))
    const child = spawn(process.execPath, [program, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    // The first word may come before the first write; by the second one the timer has run.
    let words = ''
    child.stdout.on('data', (chunk: Buffer) => {
      words += chunk.toString()
    })
    await until(() => words.split('stored\n').length > 2)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const usage = startUsage(dir)
    const month = new Date().toISOString().slice(0, 7)
    expect(usage.details(month).totals).toMatchObject({
      requests: 51,
      completed: 50,
      lost: 1,
      tokens: { input: { value: 150, unknown: 1 } },
      premiumRequests: { value: 50, unknown: 1 },
    })
    expect(usage.summary().storage.notice).toContain('1 requests were under way')
  })
})
