import { EventEmitter } from 'node:events'
import type Electron from 'electron'
import { clone } from './wire.ts'

type Handler = Parameters<typeof Electron.ipcMain.handle>[1]

class StandInIpcMain extends EventEmitter {
  private readonly handlers = new Map<string, Handler>()

  handle(channel: string, handler: Handler): void {
    if (this.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`)
    this.handlers.set(channel, handler)
  }

  removeHandler(channel: string): void {
    this.handlers.delete(channel)
  }

  /** @returns the copy that goes back. Rejects with what `invoke` rejects with in the page. */
  async invoke(event: Electron.IpcMainInvokeEvent, channel: string, args: unknown[]): Promise<unknown> {
    const failed = (error: unknown): Error =>
      new Error(`Error invoking remote method '${channel}': ${String(error)}`)
    const handler = this.handlers.get(channel)
    if (handler === undefined) throw failed(new Error(`No handler registered for '${channel}'`))
    try {
      return clone(await handler(event, ...(args as never[])))
    } catch (error) {
      throw failed(error)
    }
  }
}

export const ipcMain = new StandInIpcMain() satisfies Pick<
  typeof Electron.ipcMain,
  'handle' | 'removeHandler'
>
