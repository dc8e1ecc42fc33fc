import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type SetupDependencies, setupRoutes } from '../../src/relay/setup/setup-routes.ts'

export const COPILOT_MODELS = {
  data: [
    copilotModel('gpt-mini', { multiplier: 0, context: 200_000, prompt: 128_000 }),
    copilotModel('claude-sonnet', {
      multiplier: 1,
      isDefault: true,
      endpoints: ['/chat/completions', '/v1/messages'],
    }),
    copilotModel('gpt-codex', { multiplier: 1, endpoints: ['/responses'], prompt: 272_000 }),
    copilotModel('claude-opus', { multiplier: 3, endpoints: ['/v1/messages'] }),
    { id: 'text-embedding', capabilities: { type: 'embeddings' } },
    { id: 'switched-off', policy: { state: 'disabled' }, capabilities: { type: 'chat' } },
    'not an object',
  ],
}

interface ModelOptions {
  multiplier: number
  context?: number
  prompt?: number
  endpoints?: string[]
  isDefault?: boolean
}

export function copilotModel(id: string, options: ModelOptions): Record<string, unknown> {
  return {
    id,
    name: id.toUpperCase(),
    model_picker_enabled: true,
    is_chat_default: options.isDefault ?? false,
    ...(options.endpoints === undefined ? {} : { supported_endpoints: options.endpoints }),
    billing: { is_premium: options.multiplier > 0, multiplier: options.multiplier },
    capabilities: {
      type: 'chat',
      limits: {
        max_context_window_tokens: options.context ?? 200_000,
        max_prompt_tokens: options.prompt ?? 128_000,
        max_output_tokens: 16_000,
      },
      supports: { tool_calls: true, vision: true },
    },
  }
}

export interface SetupServer {
  readonly url: string
  readonly port: number
  /** What the relay knows; tests change it while the server runs. */
  readonly state: {
    token: string | undefined
    copilot: unknown
    openrouter: unknown
    upstream: string | undefined
  }
  /** Method, path and status of every request, and the bearer token it came with. */
  readonly seen: { readonly line: string; readonly token: string | undefined }[]
  close(): Promise<void>
}

/** The client kit behind the smallest server that keeps the rules of the relay: tokens, health, model list. */
export async function startSetupServer(dataDir: string): Promise<SetupServer> {
  const state: SetupServer['state'] = {
    token: undefined,
    copilot: COPILOT_MODELS,
    openrouter: undefined,
    /** Base URL of a stand-in for Copilot that `/v1/…` is passed on to. */
    upstream: undefined,
  }
  const seen: SetupServer['seen'] = []
  const dependencies: SetupDependencies = {
    version: '0.0.0-test',
    dataDir,
    tokensRequired: () => state.token !== undefined,
    signedIn: () => ({ copilot: state.copilot !== undefined, openrouter: state.openrouter !== undefined }),
    defaultUpstream: () => 'copilot',
    otherModels: async () => [],
    modelsReply: async (upstream) => state[upstream],
  }
  const routes = setupRoutes(dependencies)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const apiKey = request.headers['x-api-key']
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? apiKey?.toString()
    const note = (): number =>
      seen.push({ line: `${request.method} ${url.pathname} ${response.statusCode}`, token })
    response.on('finish', note)
    const isAllowed = state.token === undefined || token === state.token
    const send = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body))
    if (url.pathname === '/health') return void send(200, { status: 'ok' })
    if (url.pathname === '/v1/models' && isAllowed)
      return void (state.copilot === undefined
        ? send(401, { error: 'signed out' })
        : send(200, state.copilot))
    if (state.upstream !== undefined && isAllowed && url.pathname.startsWith('/v1/'))
      return passOn(state.upstream, request, url, response)
    if (url.pathname === '/v1/chat/completions' && isAllowed) return void send(200, { choices: [] })
    const route = routes.find(
      (candidate) =>
        candidate.path === url.pathname &&
        (candidate.method === request.method || (candidate.method === 'GET' && request.method === 'HEAD')),
    )
    if (route === undefined) return void send(404, { error: 'no such route' })
    if (route.access !== 'open' && !isAllowed) return void send(401, { error: 'token' })
    const signal = new AbortController().signal
    await route.handle({ request, response, url, access: 'client', client: { name: 'test' }, signal })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    state,
    seen,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function passOn(
  upstream: string,
  request: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  const path = url.pathname === '/v1/messages' ? url.pathname : url.pathname.slice('/v1'.length)
  const reply = await fetch(upstream + path, {
    method: 'POST',
    headers: { authorization: 'Bearer stand-in', 'content-type': 'application/json' },
    body: await text(request),
  })
  response.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? 'text/plain' })
  for await (const chunk of reply.body ?? []) response.write(chunk)
  response.end()
}
