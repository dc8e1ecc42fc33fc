import { z } from 'zod'
import { adminRequest } from '../node/admin-client.ts'
import { AppError } from '../shared/errors/app-error.ts'
import type { ProviderInfo } from '../shared/protocol/providers.ts'
import { plainText } from './terminal-text.ts'

/** A box may first have to load the model. */
const ANSWER_TIMEOUT_MS = 180_000
const LIST_TIMEOUT_MS = 30_000
const NAMES_SHOWN = 5

const PROMPT = 'Answer with the single word: ready'
/** Reasoning models think before they say a word. */
const ANSWER_MAX_TOKENS = 64

/** One small request in each wire, cheapest and most common first. */
const REQUESTS: readonly (readonly [wire: string, path: string, body: object])[] = [
  ['chat', '/chat/completions', { max_tokens: ANSWER_MAX_TOKENS, ...messages() }],
  ['responses', '/responses', { max_output_tokens: ANSWER_MAX_TOKENS, input: PROMPT }],
  ['messages', '/messages', { max_tokens: ANSWER_MAX_TOKENS, ...messages() }],
  ['completions', '/completions', { max_tokens: ANSWER_MAX_TOKENS, prompt: PROMPT }],
  ['embeddings', '/embeddings', { input: PROMPT }],
]

/** These names of models that write nothing are all that a list says about it. */
const WRITES_NOTHING = /embed|rerank|whisper|\btts\b|\bbge-/i

const listSchema = z.object({ data: z.array(z.object({ id: z.string() })) })

/**
 * Asks a provider for its models and for one answer, on the way that requests of clients take.
 *
 * @param say prints a line as soon as something is known.
 * @throws AppError with what the provider said when it does not work.
 */
export async function testProvider(
  socket: string,
  provider: ProviderInfo,
  wanted: string | undefined,
  say: (line: string) => void,
): Promise<void> {
  const base = `/providers/${provider.name}/v1`
  say(`Asking ${provider.name} for its models …`)
  const listed = await timed(() => adminRequest(socket, 'GET', `${base}/models`, undefined, LIST_TIMEOUT_MS))
  const ids = listSchema.parse(listed.result.body).data.map(({ id }) => id)
  say(
    `  ${plainText(listWords(ids))}${provider.models === null ? ` after ${listed.ms} ms` : ', from config.json'}`,
  )
  const [wire, path, body] = requestFor(provider)
  const model = wanted ?? modelFor(wire, ids)
  if (model === undefined)
    throw new AppError('relay.provider-invalid', `${provider.name} has no model to try.`, {
      remedy: 'Load one there, or name one with --model.',
    })
  say(`Asking ${plainText(model)} for one word …`)
  const answered = await timed(() =>
    adminRequest(socket, 'POST', `${base}${path}`, { model, ...body }, ANSWER_TIMEOUT_MS),
  )
  say(`  answered after ${answered.ms} ms`)
  say(`${provider.name} works. Clients call this model as ${provider.name}/${plainText(model)}.`)
}

function messages(): object {
  return { messages: [{ role: 'user', content: PROMPT }] }
}

function requestFor({ name, wires }: ProviderInfo) {
  const found = REQUESTS.find(([wire]) => wires.includes(wire))
  if (found !== undefined) return found
  throw new AppError('relay.provider-invalid', `${name} has no wire that can be tried from here.`, {
    remedy: 'Update the command to the version of the relay.',
  })
}

function modelFor(wire: string, ids: readonly string[]): string | undefined {
  const isMeant = (id: string): boolean => WRITES_NOTHING.test(id) === (wire === 'embeddings')
  return ids.find(isMeant) ?? ids[0]
}

function listWords(ids: readonly string[]): string {
  const more = ids.length > NAMES_SHOWN ? ', …' : ''
  const names = ids.length === 0 ? '' : `: ${ids.slice(0, NAMES_SHOWN).join(', ')}${more}`
  return `${ids.length} ${ids.length === 1 ? 'model' : 'models'}${names}`
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const startedAt = performance.now()
  const result = await work().catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error
    const { code, message, remedy } = error
    // It repeats what the provider said.
    throw new AppError(code, plainText(message), { cause: error, remedy })
  })
  return { result, ms: Math.round(performance.now() - startedAt) }
}
