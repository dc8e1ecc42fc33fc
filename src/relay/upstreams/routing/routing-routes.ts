import { AppError } from '../../../shared/errors/app-error.ts'
import { sendJson } from '../../server/error-response.ts'
import { parseObject, readBody } from '../../server/read-body.ts'
import type { Exchange, Route } from '../../server/route.ts'
import { wrongEndpoint } from '../upstream.ts'
import { pathOf, WIRES, type Wire } from '../wires.ts'
import type { Asked, Failover } from './failover.ts'
import type { ModelDirectory } from './model-directory.ts'
import type { Candidate, Routing } from './routing.ts'

export interface RoutingDependencies {
  readonly routing: Routing
  readonly failover: Failover
  readonly directory: ModelDirectory
  readonly maxBodyBytes: number
}

/** Some clients leave `/v1` out; only in these have we met it. */
const ALSO_WITHOUT_PREFIX: readonly Wire[] = ['chat', 'responses', 'embeddings']

/** Everything below `/v1`: each request goes to the upstream that its model belongs to. */
export function routingRoutes(deps: RoutingDependencies): Route[] {
  const inference = WIRES.flatMap((wire): Route[] => {
    const handle = (exchange: Exchange): Promise<void> => infer(deps, wire, exchange)
    const path = pathOf(wire)
    const paths = [`/v1${path}`, ...(ALSO_WITHOUT_PREFIX.includes(wire) ? [path] : [])]
    return paths.map((each) => ({ method: 'POST', path: each, access: 'client', handle }))
  })
  const list = async ({ response }: Exchange): Promise<void> =>
    sendJson(response, 200, await deps.directory.list())
  const show = async ({ response, url }: Exchange): Promise<void> =>
    sendJson(response, 200, await deps.directory.find(modelIn(url, '/v1/models/')))
  return [
    ...inference,
    { method: 'GET', path: '/v1/models', access: 'client', handle: list },
    { method: 'GET', path: '/models', access: 'client', handle: list },
    { method: 'GET', path: '/v1/models/*', access: 'client', handle: show },
    { method: 'POST', path: '/v1/messages/count_tokens', access: 'client', handle: refuseCount },
  ]
}

/** @throws AppError `relay.body-invalid` and whatever reading failed with. */
export async function readAsked(exchange: Exchange, wire: Wire, maxBodyBytes: number): Promise<Asked> {
  const { request, response } = exchange
  const body = await readBody(request, response, maxBodyBytes)
  const parsed = parseObject(body)
  return { exchange, wire, body, parsed, model: typeof parsed.model === 'string' ? parsed.model : '' }
}

/** @returns what a model list calls the model whose path is asked for. */
export function modelIn({ pathname }: URL, prefix: string): string {
  const name = pathname.slice(prefix.length)
  try {
    return decodeURIComponent(name)
  } catch {
    // Not percent-encoded properly: then no model has this name either.
    return name
  }
}

async function infer(deps: RoutingDependencies, wire: Wire, exchange: Exchange): Promise<void> {
  const { routing, failover, maxBodyBytes } = deps
  const asked = await readAsked(exchange, wire, maxBodyBytes)
  const wanted = routing.resolve(asked.model)
  const wires = wanted.upstream.wiresOf(wanted.model)
  if (!wires.includes(wire)) throw wrongEndpoint(asked.model, wire, wires)
  if (wanted.upstream.problem !== undefined) throw notReady(routing, asked.model, wanted)
  await failover.answer(asked, wanted, routing.fallbacksOf(wanted, wire))
}

/** Says where else the model may have been meant to go; guessing would send a prompt to whoever is there. */
function notReady(routing: Routing, asked: string, { upstream, model }: Candidate): AppError {
  const { problem } = upstream
  const others = routing.all().filter((other) => other.problem === undefined)
  if (problem === undefined || model !== asked || others.length === 0)
    return problem ?? new AppError('relay.signed-out', `${upstream.name} is not ready.`)
  const [only] = others.length === 1 ? others : []
  const where =
    only === undefined
      ? `put its upstream in front (${others.map(({ id }) => `${id}/…`).join(', ')})`
      : `call the model "${only.id}/${asked}", or set routing.default to "${only.id}" in config.json`
  return new AppError(
    problem.code,
    `${problem.message} A model without an upstream in front goes to ${upstream.name}.`,
    { cause: problem, remedy: `To use another upstream, ${where}. Otherwise: ${problem.remedy}` },
  )
}

/**
 * Copilot counts no tokens ahead, and estimates with another tokenizer are too low for Claude, which makes
 * clients compact too late. Claude Code goes on without the count when it gets a 404.
 */
async function refuseCount(): Promise<void> {
  throw new AppError('relay.count-tokens-unsupported', 'The relay cannot count tokens ahead.')
}
