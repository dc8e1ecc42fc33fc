import { AppError } from '../../../shared/errors/app-error.ts'
import type { JsonObject } from '../../server/read-body.ts'
import { isModelName } from './ollama-names.ts'

/**
 * Ollama reads members without regard to case, and the last one counts: `MODEL` beside `model` would be another model
 * than the one that was looked at. https://pkg.go.dev/encoding/json#Unmarshal
 *
 * @throws AppError `relay.body-invalid`
 */
export function checkOllamaBody(parsed: JsonObject, model: string): void {
  const odd = Object.keys(parsed).find((key) => key !== 'model' && folded(key) === 'model')
  if (odd !== undefined) throw new AppError('relay.body-invalid', `The body has "${odd}" for "model".`)
  if (!isModelName(model))
    throw new AppError('relay.body-invalid', `The body names no model: "${model.slice(0, 80)}".`, {
      remedy: 'Name one of the models in /v1/models.',
    })
}

/** Whether Ollama would search the web for the model, which it does at ollama.com. */
export function searchesWeb(parsed: JsonObject): boolean {
  return valuesOf(parsed, 'tools').some(
    (tools) =>
      Array.isArray(tools) &&
      tools.some((tool) => valuesOf(tool, 'type').some((type) => /^\s*web_search/i.test(String(type)))),
  )
}

function valuesOf(object: unknown, name: string): readonly unknown[] {
  if (typeof object !== 'object' || object === null) return []
  return Object.entries(object).flatMap(([key, value]) => (folded(key) === name ? [value] : []))
}

/** As Go compares: also the long s counts as an s, and the sign for kelvin as a k. */
function folded(key: string): string {
  return key.toUpperCase().toLowerCase()
}

/** Puts our own word on how long the model stays in memory last, where it counts, and changes no other byte. */
export function withKeepAlive(body: Buffer, keepAlive: string | number | undefined): Buffer {
  if (keepAlive === undefined) return body
  const end = body.lastIndexOf('}')
  const isEmpty = /^\s*\{\s*$/.test(body.toString('latin1', 0, Math.min(end, 64)))
  const member = `${isEmpty ? '' : ','}"keep_alive":${JSON.stringify(keepAlive)}`
  return Buffer.concat([body.subarray(0, end), Buffer.from(member), body.subarray(end)])
}
