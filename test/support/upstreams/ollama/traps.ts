import type { IncomingHttpHeaders } from 'node:http'
import type { CloudState } from './model-store.ts'

/** What can go wrong with an Ollama; each may be changed while the stand-in runs. */
export interface OllamaTraps {
  /** A model that is not loaded answers only after this; 0 at once. */
  readonly coldLoadMs: number
  /** The queue is full: 503. */
  readonly isQueueFull: boolean
  /** Streams fail after so many pieces, inside their 200. */
  readonly failsAfterPieces: number | undefined
  /** Tokens that a model sees at once, as it is loaded. Longer prompts lose their beginning without a word. */
  readonly contextLength: number
  readonly cloud: CloudState
  /** `/api/tags` does not tell cloud models, as older versions did not; `/api/show` always does. */
  readonly hidesRemote: boolean
  /** A pull ends with this text, inside its 200. */
  readonly pullFailure: string | undefined
  /** Pulls and streams wait for this before they go on after their first part. */
  readonly heldBy: Promise<unknown> | undefined
}

export const NO_TRAPS: OllamaTraps = {
  coldLoadMs: 0,
  isQueueFull: false,
  failsAfterPieces: undefined,
  contextLength: 4096,
  cloud: 'signed-in',
  hidesRemote: false,
  pullFailure: undefined,
  heldBy: undefined,
}

/** `allowedHostsMiddleware`: names that can only mean this machine, and addresses that are not public. */
export function isOwnName(host: string): boolean {
  return (
    host === '' ||
    /^(?:localhost|.+\.(?:localhost|local|internal))$/.test(host) ||
    /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0|\[::1?\])/.test(host)
  )
}

/** `envconfig.AllowedOrigins`; the request's own host is no other origin at all. */
export function isOriginAllowed(headers: IncomingHttpHeaders, more: readonly string[]): boolean {
  const { origin, host = '' } = headers
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return true
  return (
    more.includes(origin) ||
    more.includes('*') ||
    /^https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?$/.test(origin) ||
    /^(?:app|file|tauri|vscode-webview|vscode-file):\/\//.test(origin)
  )
}
