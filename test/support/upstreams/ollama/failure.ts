import type { ServerResponse } from 'node:http'
import { sendJson } from '../stand-in.ts'
import type { OllamaForm } from './encode.ts'

const ANTHROPIC_TYPES: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [503, 'overloaded_error'],
])

const OPENAI_TYPES: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_request_error'],
  [404, 'not_found_error'],
])

/** A refusal in the form in which it was asked. @param more beside the text, in Ollama's own form only. */
export function sendFailure(
  response: ServerResponse,
  form: OllamaForm,
  status: number,
  message: string,
  more: object = {},
): void {
  const refuse = (body: object): void => sendJson(response, status, body)
  if (form === 'generate' || form === 'chat') refuse({ error: message, ...more })
  else if (form === 'messages') {
    const type = ANTHROPIC_TYPES.get(status) ?? 'api_error'
    refuse({ type: 'error', error: { type, message }, request_id: 'req_1' })
  } else {
    const type = OPENAI_TYPES.get(status) ?? 'api_error'
    refuse({ error: { message, type, param: null, code: null } })
  }
}
