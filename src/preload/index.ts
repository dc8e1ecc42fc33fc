import { contextBridge, ipcRenderer } from 'electron'
import type { CallName, EventName } from '../shared/bridge-api/calls.ts'
import { callChannel, eventChannel, readyChannel } from '../shared/bridge-api/ipc-channels.ts'
import { PRELOAD_KEY } from '../shared/bridge-api/preload-api.ts'

/** Filled in by the build from the one list of calls, so that its schemas stay out of every window. */
declare const CALL_NAMES: readonly CallName[]
declare const EVENT_NAMES: readonly EventName[]

const listeners = new Map(EVENT_NAMES.map((name) => [name, new Set<(payload: unknown) => void>()]))

for (const [name, own] of listeners)
  ipcRenderer.on(eventChannel(name), (_event, payload: unknown) => {
    try {
      for (const listener of [...own]) listener(payload)
    } finally {
      ipcRenderer.send(readyChannel(name))
    }
  })

function on(name: EventName, listener: (payload: unknown) => void): () => void {
  const own = listeners.get(name)
  // A function of its own, so that the same listener may subscribe twice.
  const tell = (payload: unknown): void => listener(payload)
  if (own?.size === 0) ipcRenderer.send(readyChannel(name))
  own?.add(tell)
  return () => void own?.delete(tell)
}

const methods = CALL_NAMES.map((name) => [
  name,
  (args: unknown): Promise<unknown> => ipcRenderer.invoke(callChannel(name), args),
])

contextBridge.exposeInMainWorld(PRELOAD_KEY, { ...Object.fromEntries(methods), on })
