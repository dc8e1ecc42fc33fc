import type { ServerResponse } from 'node:http'
import { type RecordedRequest, sendJson } from '../stand-in.ts'
import type { ModelStore } from './model-store.ts'
import type { OllamaTraps } from './traps.ts'

const DIGEST = `sha256:${'ab12'.repeat(16)}`
const NO_MANIFEST = 'pull model manifest: file does not exist'
const LAYER_BYTES = 5_225_374_720

/** `POST /api/pull`: progress in lines; what fails after the first of them fails inside a 200. */
export async function pull(
  response: ServerResponse,
  name: string,
  { models, traps, isStream }: { models: ModelStore; traps: OllamaTraps; isStream: boolean },
): Promise<void> {
  if (name === '') return sendJson(response, 400, { error: 'invalid model name' })
  // The registry has everything but what says that there is no such thing.
  const pullFailure = traps.pullFailure ?? (/^no-such/.test(name) ? NO_MANIFEST : undefined)
  if (!isStream) {
    await traps.heldBy
    if (pullFailure !== undefined) return sendJson(response, 500, { error: pullFailure })
    models.add(pulled(name))
    return sendJson(response, 200, { status: 'success' })
  }
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const say = (line: object): void => void response.write(`${JSON.stringify(line)}\n`)
  say({ status: 'pulling manifest' })
  if (pullFailure !== undefined) {
    say({ error: pullFailure })
    response.end()
    return
  }
  const status = `pulling ${DIGEST.slice(7, 19)}`
  say({ status, digest: DIGEST, total: LAYER_BYTES })
  say({ status, digest: DIGEST, total: LAYER_BYTES, completed: LAYER_BYTES / 2 })
  await traps.heldBy
  // Whoever goes away ends the pull with it.
  if (response.destroyed) return
  say({ status, digest: DIGEST, total: LAYER_BYTES, completed: LAYER_BYTES })
  for (const step of ['verifying sha256 digest', 'writing manifest']) say({ status: step })
  models.add(pulled(name))
  say({ status: 'success' })
  response.end()
}

export function remove(response: ServerResponse, name: string, models: ModelStore): void {
  if (models.remove(name)) response.writeHead(200).end()
  else sendJson(response, 404, { error: `model '${name}' not found` })
}

export function copy(response: ServerResponse, { json }: RecordedRequest, models: ModelStore): void {
  const source = models.find(String(json?.source ?? ''))
  const name = String(json?.destination)
  if (source === undefined) {
    sendJson(response, 404, { error: `model "${String(json?.source)}" not found` })
    return
  }
  models.add({ ...source, name, model: name })
  response.writeHead(200).end()
}

function pulled(written: string) {
  const name = written.lastIndexOf(':') > written.lastIndexOf('/') ? written : `${written}:latest`
  return {
    ...{ name, model: name, modified_at: '2026-11-21T12:00:00Z', size: LAYER_BYTES, digest: DIGEST.slice(7) },
    details: { format: 'gguf', family: 'llama', parameter_size: '8.0B', quantization_level: 'Q4_0' },
  }
}
