import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import type { Duplex } from 'node:stream'

/** A message of the Chrome DevTools Protocol: https://chromedevtools.github.io/devtools-protocol/ */
export interface CdpEvent {
  readonly method: string
  readonly params: Record<string, unknown>
  readonly sessionId?: string
}

interface CdpAnswer {
  readonly id: number
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** One Chromium without a screen. Its life hangs on two pipes: however this process ends, it ends too. */
export interface Chromium {
  /** Where another program can attach to the same pages. */
  readonly address: string
  readonly pid: number
  send(method: string, params?: object, sessionId?: string): Promise<Record<string, unknown>>
  /** Events of one session, or without one those of the browser itself. */
  onEvent(sessionId: string | undefined, listener: (event: CdpEvent) => void): void
}

/** Named by CHROMIUM, or wherever the packages of Linux put one; undefined where there is none. */
export const CHROMIUM = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path))

const FLAGS = [
  '--headless=new',
  '--disable-gpu',
  '--no-first-run',
  '--no-startup-window',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-sync',
  '--force-color-profile=srgb',
  '--mute-audio',
  '--password-store=basic',
  // A test asks nothing of the real world.
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--remote-debugging-pipe',
  '--remote-debugging-port=0',
]

export async function startChromium(profileDir: string): Promise<Chromium> {
  if (CHROMIUM === undefined) throw new Error('There is no Chromium: install the package chromium.')
  const isRoot = process.getuid?.() === 0
  const args = [...FLAGS, ...(isRoot ? ['--no-sandbox'] : []), `--user-data-dir=${profileDir}`]
  const child = spawn(CHROMIUM, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] })
  const address = await addressOf(child)
  const sessions = new EventEmitter()
  sessions.setMaxListeners(0)
  const pending = new Map<number, (answer: CdpAnswer) => void>()
  const [, , , input, output] = child.stdio as unknown as [null, null, Duplex, Duplex, Duplex]
  // The pipe breaks when Chromium ends, which then answers nothing any more.
  input.on('error', () => undefined)
  readMessages(output, (message) => {
    if (!('id' in message)) sessions.emit(message.sessionId ?? 'browser', message)
    else {
      pending.get(message.id)?.(message)
      pending.delete(message.id)
    }
  })
  let lastId = 0
  return {
    address,
    pid: child.pid ?? 0,
    send(method, params = {}, sessionId) {
      lastId += 1
      const id = lastId
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
      return new Promise((resolve, reject) => {
        pending.set(id, ({ result = {}, error }) => {
          if (error === undefined) resolve(result)
          else reject(new Error(`${method}: ${error.message}`))
        })
      })
    },
    onEvent: (sessionId, listener) => void sessions.on(sessionId ?? 'browser', listener),
  }
}

function readMessages(output: Duplex, onMessage: (message: CdpAnswer | CdpEvent) => void): void {
  let rest = ''
  output.setEncoding('utf8')
  output.on('data', (piece: string) => {
    const parts = (rest + piece).split('\0')
    rest = parts.pop() ?? ''
    for (const part of parts) onMessage(JSON.parse(part) as CdpAnswer | CdpEvent)
  })
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let told = ''
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      told += piece
      const [, address] = /DevTools listening on (ws:\S+)/.exec(told) ?? []
      if (address !== undefined) resolve(address)
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`Chromium did not start:\n${told}`)))
  })
}
