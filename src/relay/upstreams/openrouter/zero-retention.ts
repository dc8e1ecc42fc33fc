import { AppError } from '../../../shared/errors/app-error.ts'
import { type JsonObject, parseObject } from '../../server/read-body.ts'

/** Content that OpenRouter hands to a parser of somebody else before a model sees it. */
const FILE_PARTS = new Set(['file', 'input_file', 'document'])

/**
 * Makes a request body that OpenRouter can only answer with zero data retention. The body is written anew, so
 * that a key that stands there twice cannot be read one way here and another way there.
 * https://openrouter.ai/docs/guides/features/zdr
 *
 * @throws AppError `relay.body-invalid`; `relay.escapes-zdr` for what zero retention does not cover.
 */
export function enforceZeroRetention(body: Buffer): { readonly body: Buffer; readonly parsed: JsonObject } {
  const plain = parseObject(body)
  refuseEscapes(plain)
  const provider = plain.provider
  if (provider !== undefined && provider !== null && !isRecord(provider))
    throw new AppError('relay.body-invalid', 'The field provider is no object.')
  // Numbers beyond what JavaScript holds exactly (seeds, ids) would change on the way through.
  const source = /\d{16}/.test(body.toString('latin1')) ? parseExactly(body) : plain
  const merged = { ...source, provider: { ...provider, zdr: true, data_collection: 'deny' } }
  return { body: Buffer.from(JSON.stringify(merged)), parsed: plain }
}

function refuseEscapes(body: JsonObject): void {
  const models = [body.model, ...(Array.isArray(body.models) ? body.models : [])].map(String)
  const found = [
    ...models.filter((model) => model.includes(':online')).map(() => '":online" in the model'),
    // A preset lives at OpenRouter and may switch on anything.
    ...models.filter((model) => model.includes('@preset/')).map(() => 'a preset as the model'),
    ...(isEmpty(body.preset) ? [] : ['preset']),
    ...(isEmpty(body.plugins) ? [] : ['plugins']),
    ...(isEmpty(body.web_search_options) ? [] : ['web_search_options']),
    ...list(body.tools)
      .map((tool) => String(tool.type ?? ''))
      .filter((type) => /web_?(?:search|fetch)|^openrouter:|image_generation/.test(type))
      .map((type) => `the server tool ${type.slice(0, 60)}`),
    ...(holdsFile(body.messages) || holdsFile(body.input) ? ['a file part'] : []),
  ]
  if (found.length > 0)
    throw new AppError('relay.escapes-zdr', `Zero data retention does not cover ${found[0]}.`)
}

function holdsFile(value: unknown): boolean {
  return list(value).some((item) => FILE_PARTS.has(String(item.type)) || holdsFile(item.content))
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): unknown
}

/** https://github.com/tc39/proposal-json-parse-with-source, which Node has and TypeScript does not know yet. */
function parseExactly(body: Buffer): JsonObject {
  const json = JSON as unknown as ExactJson
  return json.parse(body.toString(), (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? json.rawJSON(source) : value,
  ) as JsonObject
}

function list(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
