import { AppError } from '../../../shared/errors/app-error.ts'
import type { RelaySettings } from '../../config/relay-settings.ts'
import { sendJson } from '../../server/error-response.ts'
import { parseObject, readBody } from '../../server/read-body.ts'
import type { Exchange, Route } from '../../server/route.ts'
import type { Refusal } from '../forward.ts'
import { sendRefusal } from '../refusal.ts'
import { label } from '../routing/failover.ts'
import { readAsked } from '../routing/routing-routes.ts'
import { wrongEndpoint } from '../upstream.ts'
import { dialectOf, type Wire } from '../wires.ts'
import { checkOllamaBody } from './ollama-body.ts'
import { tagsSchema } from './ollama-inventory.ts'
import { isOpenModel } from './ollama-names.ts'
import { type NativePath, type OllamaAsk, ollamaAsk } from './ollama-paths.ts'
import type { OllamaSlot } from './ollama-slot.ts'
import type { OllamaUpstream } from './ollama-upstream.ts'

const SHOW_MAX_BYTES = 65_536

/**
 * Ollama as its own clients speak to it, with its models as it calls them: `OLLAMA_HOST=http://localhost:8080/ollama`.
 * Only inference and reading; nobody stands in for it here.
 */
export function ollamaRoutes(slot: OllamaSlot, settings: RelaySettings): Route[] {
  const handle = (exchange: Exchange): Promise<void> => pass(slot, settings, exchange)
  return ['/ollama', '/ollama/*'].map((path) => ({ method: 'ANY', path, access: 'client', handle }))
}

async function pass(slot: OllamaSlot, settings: RelaySettings, exchange: Exchange): Promise<void> {
  const { request, url } = exchange
  const path = url.pathname.slice('/ollama'.length)
  const asked = ollamaAsk(request.method, path)
  if (asked === undefined)
    throw new AppError(
      'ollama.path-refused',
      `${request.method ?? ''} ${path.slice(0, 120)} of Ollama is not open to clients.`,
    )
  const ollama = slot.get()
  exchange.response.setHeader('x-relay-upstream', ollama.id)
  if (asked.kind === 'native') return await infer(ollama, settings, exchange, asked.path)
  if (asked.kind === 'wire') return await inferOn(ollama, settings, exchange, asked.wire)
  return await read(ollama, exchange, asked)
}

async function infer(
  ollama: OllamaUpstream,
  { maxBodyBytes }: RelaySettings,
  exchange: Exchange,
  path: NativePath,
): Promise<void> {
  const { request, response } = exchange
  const body = await readBody(request, response, maxBodyBytes)
  const refused = await ollama.inferNative(exchange, path, body, parseObject(body))
  if (refused !== undefined) sendRefusal(response, 'ollama', refused.refusal, refused.explanation)
}

async function inferOn(
  ollama: OllamaUpstream,
  { maxBodyBytes }: RelaySettings,
  exchange: Exchange,
  wire: Wire,
): Promise<void> {
  const asked = await readAsked(exchange, wire, maxBodyBytes)
  const wires = ollama.wiresOf(asked.model)
  if (!wires.includes(wire)) throw wrongEndpoint(asked.model, wire, wires, '/ollama/v1')
  label(exchange, { upstream: ollama, model: asked.model }, [])
  const refused = await ollama.infer(asked)
  if (refused !== undefined)
    sendRefusal(exchange.response, dialectOf(wire), refused.refusal, refused.explanation)
}

type Reading = Exclude<OllamaAsk, { readonly kind: 'native' | 'wire' }>

async function read(ollama: OllamaUpstream, exchange: Exchange, { kind }: Reading): Promise<void> {
  switch (kind) {
    case 'openai-list':
      return sendJson(exchange.response, 200, { object: 'list', data: (await ollama.models()).models })
    case 'show':
      return await show(ollama, exchange)
    case 'tags':
    case 'ps':
      return await list(ollama, exchange, `/api/${kind}`)
    case 'text':
      return await relay(ollama, exchange, '/')
    case 'version':
      return await relay(ollama, exchange, '/api/version')
  }
}

/** Entries go on as they came, but for those that are not for clients. */
async function list(ollama: OllamaUpstream, exchange: Exchange, path: string): Promise<void> {
  const { response, signal } = exchange
  signal.throwIfAborted()
  const { models } = await ollama.client.read('GET', path, tagsSchema)
  const isOpen = (entry: unknown): boolean => {
    const name = typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : undefined
    return typeof name === 'string' && isOpenModel(name, ollama.settings.models)
  }
  sendJson(response, 200, { models: (models ?? []).filter(isOpen) })
}

/** What goes on is made here: older clients say `name`, and members that we do not know might mean anything. */
async function show(ollama: OllamaUpstream, exchange: Exchange): Promise<void> {
  const { request, response, signal } = exchange
  const body = parseObject(await readBody(request, response, SHOW_MAX_BYTES))
  const written = body.model ?? body.name
  const model = typeof written === 'string' ? written : ''
  checkOllamaBody(body, model)
  await ollama.checkModel(model)
  const asked = { model, ...(body.verbose === true && { verbose: true }) }
  const reply = await ollama.client.ask('POST', '/api/show', { body: asked, signal })
  answer(ollama, exchange, reply, model)
}

async function relay(ollama: OllamaUpstream, exchange: Exchange, path: string): Promise<void> {
  answer(ollama, exchange, await ollama.client.ask('GET', path, { signal: exchange.signal }), '')
}

function answer(ollama: OllamaUpstream, { response }: Exchange, reply: Refusal, model: string): void {
  if (reply.status >= 300) {
    const { refusal, explanation } = ollama.refused(reply, model)
    sendRefusal(response, 'ollama', refusal, explanation)
    return
  }
  response.writeHead(200, {
    'content-type': reply.headers['content-type'] ?? 'application/json',
    'content-length': reply.body.length,
    'cache-control': 'no-store',
  })
  response.end(reply.body)
}
