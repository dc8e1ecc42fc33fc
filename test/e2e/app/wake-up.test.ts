import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startTcpServer } from '../../support/make-link.ts'
import { startApp } from '../../support/start-app.ts'

/** By itself the app would take minutes for so many: each pause is half as long again as the one before. */
const MANY_TRIES = 40

test('a computer that wakes up has its connections tried again at once', async () => {
  let tries = 0
  const { port } = await startTcpServer((socket) => {
    tries += 1
    socket.destroy()
  }, onTestFinished)
  const app = await startApp({
    args: ['--hidden'],
    prepare: (home) =>
      writeFile(
        join(home, 'settings.json'),
        JSON.stringify({
          relay: { ssh: `somebody@127.0.0.1:${port}` },
          agent: { listen: `unix:${join(home, 'agent.sock')}` },
        }),
      ),
  })
  await app.tray.with('closed the connection before logging in')
  const wakeUp = async (): Promise<number> => {
    await app.process.ask('wakeUp')
    return tries
  }
  await expect.poll(wakeUp, { timeout: 60_000 }).toBeGreaterThan(MANY_TRIES)
}, 90_000)
