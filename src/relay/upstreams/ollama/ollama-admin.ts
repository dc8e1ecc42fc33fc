import type { Logger } from '../../../node/log.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type {
  InstalledModel,
  InstalledModels,
  OllamaOverview,
} from '../../../shared/protocol/ollama-admin.ts'
import { isCloudName } from '../../../shared/protocol/ollama-api.ts'
import { explainIssues } from '../../../shared/settings/explain.ts'
import { formatPath } from '../../../shared/settings/mistake.ts'
import type { ConfigFile } from '../../config/config-file.ts'
import { ollamaSchema } from '../../config/ollama-schema.ts'
import { sendJson } from '../../server/error-response.ts'
import { parseObject, readBody } from '../../server/read-body.ts'
import type { Exchange, Route } from '../../server/route.ts'
import { forward } from '../forward.ts'
import { sendRefusal } from '../refusal.ts'
import { modelIn } from '../routing/routing-routes.ts'
import { type OllamaModel, ollamaModels } from './ollama-models.ts'
import { isModelName } from './ollama-names.ts'
import { modelMissing } from './ollama-refusal.ts'
import type { OllamaSlot } from './ollama-slot.ts'
import type { OllamaUpstream } from './ollama-upstream.ts'

export interface OllamaAdminDependencies {
  readonly slot: OllamaSlot
  readonly configFile: ConfigFile
  readonly log: Logger
}

const BODY_MAX_BYTES = 65_536
const MODELS = '/admin/ollama/models'
/** Checking what was downloaded says nothing for minutes. */
const PULL_SILENCE_MS = 3_600_000

/** For the owner alone: which Ollama there is, and what is installed on it. */
export function ollamaAdminRoutes(deps: OllamaAdminDependencies): Route[] {
  const admin = (method: 'GET' | 'POST' | 'DELETE', path: string, handle: Route['handle']): Route => ({
    ...{ method, path, handle },
    access: 'admin',
  })
  const show = (x: Exchange): void => sendJson(x.response, 200, overviewOf(deps))
  return [
    admin('GET', '/admin/ollama', async (x) => show(x)),
    admin('POST', '/admin/ollama', async (x) => {
      await use(deps, x)
      show(x)
    }),
    admin('DELETE', '/admin/ollama', async (x) => {
      await deps.slot.forget()
      show(x)
    }),
    admin('GET', MODELS, async ({ response }) => sendJson(response, 200, await modelsOf(deps.slot.get()))),
    admin('DELETE', `${MODELS}/*`, (x) => remove(deps, x)),
    admin('POST', '/admin/ollama/pull', (x) => pull(deps, x)),
  ]
}

async function use({ slot }: OllamaAdminDependencies, { request, response }: Exchange): Promise<void> {
  const body = parseObject(await readBody(request, response, BODY_MAX_BYTES))
  const parsed = ollamaSchema.strict().safeParse(body)
  if (parsed.success) return await slot.use(parsed.data)
  const [mistake] = explainIssues(parsed.error.issues, body, {})
  const what = mistake === undefined ? 'does not fit' : `${formatPath(mistake.path)}: ${mistake.text}`
  throw new AppError('relay.provider-invalid', `Ollama cannot be set: ${what}.`)
}

/** Asked afresh: whoever administers wants to know how it is now. */
async function modelsOf({ inventory, settings }: OllamaUpstream): Promise<InstalledModels> {
  inventory.forget()
  const models = await ollamaModels(inventory, settings)
  const { url, localOnly } = settings
  return { url, localOnly, models: models.map((model) => installed(model, settings.contextWarning)) }
}

async function remove({ slot, log }: OllamaAdminDependencies, exchange: Exchange): Promise<void> {
  const ollama = slot.get()
  const model = named(modelIn(exchange.url, `${MODELS}/`))
  const reply = await ollama.client.ask('DELETE', '/api/delete', { body: { model }, signal: exchange.signal })
  if (reply.status === 404) throw modelMissing(model)
  if (reply.status >= 300) {
    const { refusal, explanation } = ollama.refused(reply, model)
    return sendRefusal(exchange.response, 'chat', refusal, explanation)
  }
  log.info({ upstream: ollama.id, model, client: exchange.client.name }, 'a model was removed')
  ollama.forget()
  sendJson(exchange.response, 200, await modelsOf(ollama))
}

/** Passes the progress on as it comes. Whoever goes away ends it; Ollama goes on from there the next time. */
async function pull({ slot, log }: OllamaAdminDependencies, exchange: Exchange): Promise<void> {
  const { request, response, client } = exchange
  const ollama = slot.get()
  const body = parseObject(await readBody(request, response, BODY_MAX_BYTES))
  const model = named(typeof body.model === 'string' ? body.model : '')
  if (ollama.settings.localOnly && isCloudName(model))
    throw new AppError('ollama.cloud-refused', `"${model}" is answered by ollama.com.`)
  log.info({ upstream: ollama.id, model, client: client.name }, 'a model is pulled')
  const patient = {
    firstByteMs: PULL_SILENCE_MS,
    betweenBytesMs: PULL_SILENCE_MS,
    contentStallMs: PULL_SILENCE_MS,
  }
  try {
    const refusal = await forward({
      ...{ dispatcher: ollama.client.dispatcher, upstreamName: ollama.name, baseUrl: ollama.settings.url },
      ...{ path: '/api/pull', method: 'POST', dialect: 'ollama', stream: true, exchange, record: undefined },
      headers: { ...ollama.client.headers, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ model, stream: true })),
      limits: { ...ollama.limits, ...patient },
    })
    if (refusal === undefined) return
    const refused = ollama.refused(refusal, model)
    sendRefusal(response, 'chat', refused.refusal, refused.explanation)
  } finally {
    ollama.forget()
  }
}

function named(model: string): string {
  if (isModelName(model)) return model
  throw new AppError('relay.body-invalid', `"${model.slice(0, 80)}" can be no model.`, {
    remedy: 'Name a model such as qwen3:8b or hf.co/OWNER/MODEL:Q4_K_M.',
  })
}

function overviewOf({ slot, configFile }: OllamaAdminDependencies): OllamaOverview {
  const [current] = slot.all()
  const unsaved = configFile.saveProblem?.message
  return {
    ollama: current === undefined ? null : placeOf(current),
    ...(unsaved === undefined ? {} : { unsaved }),
  }
}

function placeOf({ settings: { url, localOnly, models } }: OllamaUpstream) {
  return { url, localOnly, open: models === undefined ? null : [...models] }
}

function installed(model: OllamaModel, contextWarning: number): InstalledModel {
  const { entry, loaded, capabilities, contextLength, maxContextLength, isCloud, isOpen } = model
  return {
    ...{ name: entry.name, isCloud, isOpen, isLoaded: loaded !== undefined },
    size: entry.size ?? null,
    parameters: entry.details?.parameter_size || null,
    quantization: entry.details?.quantization_level || null,
    contextLength: contextLength ?? null,
    maxContextLength: maxContextLength ?? null,
    hasShortContext: contextLength !== undefined && contextLength < contextWarning,
    capabilities: capabilities === undefined ? null : [...capabilities],
    loadedUntil: loaded?.expires_at ?? null,
  }
}
