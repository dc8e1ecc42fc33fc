import { type StandIn, type StandInHandler, sendJson, startStandIn } from './stand-in.ts'

export interface FakeOllamaOptions {
  readonly version?: string
  readonly models?: readonly Readonly<Record<string, unknown>>[]
  readonly loaded?: readonly Readonly<Record<string, unknown>>[]
  /** Which names it goes by; as a real one on loopback unless told. */
  readonly ownsHost?: (host: string) => boolean
}

export interface FakeOllama extends StandIn {
  /** Answers everything in this way until it is taken back with undefined. */
  behave(handler: StandInHandler | undefined): void
}

/**
 * An Ollama as it is documented (docs/api.md, server/routes.go of 2026-08): a `Host` that is not its own gets an
 * empty 403 while it listens on loopback, an `Origin` that is not allowed gets one too, and there is no login.
 */
export async function startFakeOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const ownsHost = options.ownsHost ?? isOwnName
  let other: StandInHandler | undefined
  const standIn = await startStandIn(async (request, response) => {
    if (other !== undefined) return other(request, response)
    const name = (request.headers.host ?? '').replace(/:\d+$/, '')
    if (!ownsHost(name) || request.headers.origin !== undefined) {
      response.writeHead(403)
      response.end()
      return
    }
    const answer = READABLE(options).get(request.path)
    if (answer === undefined) return sendJson(response, 404, { error: 'page not found' })
    if (typeof answer === 'string') {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(answer)
    } else sendJson(response, 200, answer)
  })
  return {
    ...standIn,
    behave: (handler) => {
      other = handler
    },
  }
}

/** `allowedHostsMiddleware`: names that can only mean this machine, and addresses that are not public. */
function isOwnName(host: string): boolean {
  return (
    host === '' ||
    /^(?:localhost|.+\.(?:localhost|local|internal))$/.test(host) ||
    /^(?:127\.|10\.|192\.168\.|0\.0\.0\.0|\[::1?\])/.test(host)
  )
}

const READABLE = (options: FakeOllamaOptions): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['/', 'Ollama is running'],
    ['/api/version', { version: options.version ?? '0.33.0' }],
    ['/api/tags', { models: options.models ?? MODELS }],
    ['/api/ps', { models: options.loaded ?? LOADED }],
  ])

const DETAILS = { format: 'gguf', family: 'qwen3', parameter_size: '8.2B', quantization_level: 'Q4_K_M' }

const MODELS = [
  {
    name: 'qwen3:8b',
    model: 'qwen3:8b',
    modified_at: '2026-11-01T09:00:00.000000000+01:00',
    size: 5_225_388_164,
    digest: '500a1f067a9f',
    details: DETAILS,
  },
  {
    name: 'gpt-oss:120b-cloud',
    model: 'gpt-oss:120b-cloud',
    remote_model: 'gpt-oss:120b',
    remote_host: 'https://ollama.com:443',
    modified_at: '2026-11-02T09:00:00Z',
    size: 384,
    digest: '569662207105',
    details: { format: '', family: '', parameter_size: '', quantization_level: '' },
  },
]

const LOADED = [
  {
    name: 'qwen3:8b',
    model: 'qwen3:8b',
    size: 6_200_000_000,
    digest: '500a1f067a9f',
    details: DETAILS,
    expires_at: '2026-11-21T12:05:00Z',
    size_vram: 6_200_000_000,
    context_length: 4096,
  },
]
