import { ipcMain, type WebContents } from 'electron'
import {
  BRIDGE_CALLS,
  BRIDGE_EVENTS,
  type BridgeApi,
  type BridgeEvents,
  type CallName,
  type EventName,
} from '../../shared/bridge-api/calls.ts'
import { callChannel, eventChannel, readyChannel } from '../../shared/bridge-api/ipc-channels.ts'
import type { PreloadAnswer } from '../../shared/bridge-api/preload-api.ts'
import { answerCall, MAX_PENDING_CALLS } from '../../shared/bridge-api/serve-api.ts'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import { isTrusted } from './trusted-sender.ts'
import { words } from './words/words.ts'

export interface ServeWindowsOptions {
  readonly api: BridgeApi
  /** Whether such contents are of a window that we have opened. */
  readonly isOurs: (contents: WebContents) => boolean
  /** Told of what is no expected failure; the window learns only that there was one. */
  readonly onBug: (error: unknown, call: CallName) => void
}

const CALL_NAMES = Object.keys(BRIDGE_CALLS) as CallName[]
const EVENT_NAMES = Object.keys(BRIDGE_EVENTS) as EventName[]
const NOT_TRUSTED = new AppError('api.foreign-request', words.boxes.strangePage)

/** Answers the calls of our windows and sends them the events, until the program ends. */
export function serveWindows({ api, isOurs, onBug }: ServeWindowsOptions): void {
  const pendingCalls = new WeakMap<WebContents, number>()

  async function answer(name: CallName, args: unknown, sender: WebContents): Promise<PreloadAnswer> {
    const pending = (pendingCalls.get(sender) ?? 0) + 1
    pendingCalls.set(sender, pending)
    try {
      return await answerCall(api, name, args, { isTooMany: pending > MAX_PENDING_CALLS, onBug })
    } finally {
      pendingCalls.set(sender, (pendingCalls.get(sender) ?? 1) - 1)
    }
  }

  for (const name of CALL_NAMES)
    ipcMain.handle(callChannel(name), async (event, args: unknown): Promise<PreloadAnswer> => {
      if (isTrusted(event, isOurs)) return answer(name, args, event.sender)
      return { ok: false, error: toFailure(NOT_TRUSTED) }
    })
  for (const name of EVENT_NAMES) {
    const readers = new Map<WebContents, EventReader>()
    ipcMain.on(readyChannel(name), (event) => {
      if (!isTrusted(event, isOurs)) return
      const { sender } = event
      const reader = readers.get(sender) ?? follow(api, name, sender, () => readers.delete(sender))
      readers.set(sender, reader)
      reader.ready()
    })
  }
}

interface EventReader {
  ready(): void
}

/** Sends one window the newest payload whenever it can take one; those in between are never sent. */
function follow(api: BridgeApi, name: EventName, contents: WebContents, onEnd: () => void): EventReader {
  let isReady = false
  let newest: BridgeEvents[EventName] | undefined
  function flush(): void {
    if (!isReady || newest === undefined || contents.isDestroyed()) return
    const payload = newest
    newest = undefined
    isReady = false
    contents.send(eventChannel(name), payload)
  }
  const unsubscribe = api.on(name, (payload) => {
    newest = payload
    flush()
  })
  contents.once('destroyed', () => {
    unsubscribe()
    onEnd()
  })
  return {
    ready() {
      isReady = true
      flush()
    },
  }
}
