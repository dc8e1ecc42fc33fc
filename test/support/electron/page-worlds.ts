import type { decode as Decode, encode as Encode, Wire } from './wire.ts'

/**
 * The inside of a page: the world of the page itself and the isolated one of the preload. Each function here is
 * injected as its own source, so it names nothing outside of itself but the browser and its parameters.
 *
 * The worlds share the document and no object. What crosses does so as text in events whose names only these two
 * functions know, so each side gets copies, and proxies for functions and promises, as from Electron's contextBridge.
 * https://www.electronjs.org/docs/latest/api/context-bridge#parameter--error--return-type-support
 */

interface Message {
  readonly kind: 'call' | 'answer' | 'settle' | 'expose'
  readonly id: number
  readonly key?: string
  readonly ok?: boolean
  readonly value: Wire
}

export interface Crossing {
  send(message: Message): void
  copyOut(value: unknown): Wire
  copyIn(wire: Wire): unknown
}

interface PageGlobal {
  readonly document: {
    addEventListener(name: string, listener: (event: { readonly detail: string }) => void): void
    dispatchEvent(event: unknown): void
  }
  readonly CustomEvent: new (name: string, init: { readonly detail: string }) => unknown
  readonly top: unknown
}

type AnyFunction = (...args: unknown[]) => unknown

/** One end of the way between the worlds. */
export function crossing(
  codec: { readonly encode: typeof Encode; readonly decode: typeof Decode },
  page: PageGlobal,
  [here, there]: readonly [string, string],
  onExpose: (key: string, value: unknown) => void,
): Crossing {
  const { document, CustomEvent } = page
  const functions = new Map<number, AnyFunction>()
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  const answers = new Map<number, Message>()
  let lastId = 0

  function send(message: Message): void {
    document.dispatchEvent(new CustomEvent(there, { detail: JSON.stringify(message) }))
  }
  function carry(value: unknown): readonly unknown[] | undefined {
    if (typeof value === 'symbol') return ['undefined']
    if (typeof value === 'function') {
      lastId += 1
      functions.set(lastId, value as AnyFunction)
      return ['function', lastId]
    }
    if (!(value instanceof Promise)) return undefined
    lastId += 1
    const id = lastId
    value.then(
      (result: unknown) => settle(id, true, result),
      (error: unknown) => settle(id, false, error),
    )
    return ['promise', id]
  }
  function settle(id: number, ok: boolean, value: unknown): void {
    send({ kind: 'settle', id, ok, value: copyOut(value) })
  }
  function uncarry([kind, id]: readonly unknown[]): unknown {
    if (kind === 'function') return (...args: unknown[]) => call(id as number, args)
    return new Promise((resolve, reject) => waiting.set(id as number, { resolve, reject }))
  }
  function call(id: number, args: unknown[]): unknown {
    send({ kind: 'call', id, value: copyOut(args) })
    const answer = answers.get(id)
    answers.delete(id)
    if (answer === undefined) throw new Error('The other world is gone.')
    const value = copyIn(answer.value)
    if (answer.ok !== true) throw value
    return value
  }
  function answer({ id, value }: Message): void {
    try {
      const result = functions.get(id)?.(...(copyIn(value) as unknown[]))
      send({ kind: 'answer', id, ok: true, value: copyOut(result) })
    } catch (error) {
      send({ kind: 'answer', id, ok: false, value: copyOut(error) })
    }
  }
  function copyOut(value: unknown): Wire {
    return codec.encode(value, carry)
  }
  function copyIn(wire: Wire): unknown {
    return codec.decode(wire, uncarry)
  }
  document.addEventListener(here, ({ detail }) => {
    const message = JSON.parse(detail) as Message
    if (message.kind === 'call') answer(message)
    else if (message.kind === 'answer') answers.set(message.id, message)
    else if (message.kind === 'expose') onExpose(message.key ?? '', copyIn(message.value))
    else {
      const settled = waiting.get(message.id)
      waiting.delete(message.id)
      const value = copyIn(message.value)
      if (message.ok === true) settled?.resolve(value)
      else settled?.reject(value)
    }
  })
  return { send, copyOut, copyIn }
}

/** What the page may find on `window` is put there frozen, as contextBridge does. */
export function exposer(window: object): (key: string, value: unknown) => void {
  function freeze(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
    for (const member of Object.values(Object.freeze(value))) freeze(member)
    return value
  }
  return (key, value) =>
    void Object.defineProperty(window, key, { value: freeze(value), enumerable: true, writable: false })
}

/** `window.open` is told of and gives null, as where the handler of the window denies; whoever drives the page asks it. */
export function withoutPopups(window: { open(...args: unknown[]): unknown }): void {
  const open = window.open.bind(window)
  window.open = (url, name) => {
    // Chromium at times never returns to an opener whose new page is closed at once, which this one has no hold of.
    open(url, name, 'noopener')
    return null
  }
}

export interface IpcMessage {
  readonly kind: 'send' | 'invoke'
  readonly id: number
  readonly channel: string
  readonly args: Wire
}

export interface IpcDelivery {
  readonly kind: 'event' | 'answer'
  readonly id?: number
  readonly channel?: string
  readonly ok?: boolean
  readonly value: Wire
}

/** `require('electron')` of a sandboxed preload. */
export function preloadModule(
  codec: { readonly encode: typeof Encode; readonly decode: typeof Decode },
  { send, copyOut }: Crossing,
  post: (text: string) => void,
): { readonly electron: object; readonly deliver: (delivery: IpcDelivery) => void } {
  const listeners = new Map<string, Set<AnyFunction>>()
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  let lastId = 0
  function say(kind: IpcMessage['kind'], channel: string, args: unknown[]): number {
    lastId += 1
    let copy: unknown
    try {
      copy = structuredClone(args)
    } catch {
      throw new Error('An object could not be cloned.')
    }
    post(JSON.stringify({ kind, id: lastId, channel, args: codec.encode(copy) }))
    return lastId
  }
  const off = (channel: string, listener: AnyFunction): void => void listeners.get(channel)?.delete(listener)
  const ipcRenderer = {
    on(channel: string, listener: AnyFunction) {
      const own = listeners.get(channel) ?? new Set()
      listeners.set(channel, own.add(listener))
      return ipcRenderer
    },
    off,
    removeListener: off,
    send: (channel: string, ...args: unknown[]): void => void say('send', channel, args),
    invoke: async (channel: string, ...args: unknown[]): Promise<unknown> => {
      const id = say('invoke', channel, args)
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
    },
  }
  const contextBridge = {
    exposeInMainWorld: (key: string, api: unknown): void =>
      send({ kind: 'expose', id: 0, key, value: copyOut(api) }),
  }
  function deliver({ kind, id = 0, channel = '', ok, value }: IpcDelivery): void {
    const copy = codec.decode(value)
    if (kind === 'event') {
      for (const listener of [...(listeners.get(channel) ?? [])]) listener({}, ...(copy as unknown[]))
      return
    }
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (ok === true) waiter?.resolve(copy)
    else waiter?.reject(copy)
  }
  return { electron: { contextBridge, ipcRenderer }, deliver }
}
