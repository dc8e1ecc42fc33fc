/** How Ollama is to run as a service of the machine that has the models. */
export interface OllamaService {
  readonly platform: 'linux' | 'darwin'
  /** Absolute path of the program. */
  readonly binary: string
  /** The one address it listens on, without brackets. */
  readonly address: string
  readonly port: number
  /** Account that it runs as; never root. */
  readonly user: string
  /** Home of that account where it is made for Ollama; keys of the cloud and the history lie there. */
  readonly home: string
  readonly models: string
  /** Tokens that a model sees at once. */
  readonly context: number
  /** As Ollama writes it: `15m`, `-1`. */
  readonly keepAlive: string
  readonly parallel: number
  readonly maxQueue: number
  readonly isLocalOnly: boolean
  /** Pages that may ask from a browser, beside those of this machine. */
  readonly origins: readonly string[]
  /** Sets up the devices of NVIDIA cards, for which the service itself has no right. */
  readonly deviceHelper?: string
}

/** A file that belongs to the service. */
export interface ServiceFile {
  readonly path: string
  readonly content: string
  readonly mode: number
}

export const USUAL_PORT = 11_434

/** By which a file is known as one of ours. */
export const OWN_MARK = 'Written by Sovereign Bridge: "sovereign ollama uninstall" removes it.'

/** `192.168.250.20:11434`, `[fd00::20]:11434`. */
export function placeOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}
