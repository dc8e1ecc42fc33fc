import { once } from 'node:events'
import { _electron } from 'playwright-core'
import { builtRecorder } from './build-app.ts'
import type { DesktopProcess, DesktopProcessOptions } from './desktop-process.ts'
import type { RecordedDesktop } from './record-desktop.ts'

/** Runs the built app in Electron itself. */
export async function startElectron({ app, args, env }: DesktopProcessOptions): Promise<DesktopProcess> {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const electron = await _electron.launch({
    args: [...sandbox, '-r', await builtRecorder(app), app, ...args],
    env,
  })
  const child = electron.process()
  let told = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    told += piece
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  return {
    pid: child.pid ?? 0,
    exited,
    log: () => told,
    ask: async (name, ...given) =>
      (await electron.evaluate(
        (_electronModule, [method, values]) => {
          const { recordedDesktop } = globalThis as unknown as { recordedDesktop: RecordedDesktop }
          return (recordedDesktop[method] as (...all: unknown[]) => unknown)(...values)
        },
        [name, given] as [keyof RecordedDesktop, unknown[]],
      )) as never,
    pages: async () => electron.windows(),
    kill: () => void child.kill('SIGKILL'),
    close: async () => undefined,
  }
}
