import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import type { DriverMessage } from './answer-driver.ts'
import type { DesktopProcess, DesktopProcessOptions } from './desktop-process.ts'

const HOOK = fileURLToPath(new URL('./hook.ts', import.meta.url))

/** Runs the built app in plain Node. */
export function startStandIn({ app, args, env }: DesktopProcessOptions): DesktopProcess {
  const child = spawn(process.execPath, ['--import', HOOK, join(app, 'dist/main/index.js'), ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let told = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    told += piece
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const waiting = new Map<number, (message: DriverMessage) => void>()
  const address = Promise.withResolvers<string>()
  address.promise.catch(() => undefined)
  child.on('message', (message: DriverMessage) => {
    if (message.kind === 'chromium') address.resolve(message.address)
    else waiting.get(message.id)?.(message)
  })
  const ended = (): Error => new Error(`The app has ended.\n${told}`)
  void exited.then(() => {
    address.reject(ended())
    for (const [id, answer] of waiting) answer({ kind: 'answer', id, error: ended().message })
  })
  let browser: Promise<Browser> | undefined
  let lastId = 0
  return {
    pid: child.pid ?? 0,
    exited,
    log: () => told,
    ask(name, ...given) {
      lastId += 1
      const id = lastId
      return new Promise((resolve, reject) => {
        waiting.set(id, (message) => {
          waiting.delete(id)
          if (message.kind === 'answer' && message.error === undefined) resolve(message.result as never)
          else reject(new Error(message.kind === 'answer' ? message.error : 'This is no answer.'))
        })
        if (!child.connected || !child.send({ id, name, args: given })) reject(ended())
      })
    },
    async pages() {
      browser ??= address.promise.then((url) => chromium.connectOverCDP(url))
      return (await browser).contexts().flatMap((context) => context.pages())
    },
    kill: () => void child.kill('SIGKILL'),
    async close() {
      await (await browser?.catch(() => undefined))?.close()
    },
  }
}
