import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { WIRES } from '../upstreams/wires.ts'
import { headersSchema } from './header-schema.ts'

/** Stands before model names, in paths, in labels of metrics and in headers. */
const NAME = /^[a-z0-9][a-z0-9-]{0,30}$/

/** Upstreams with rules of their own. */
const TAKEN = ['copilot', 'openrouter', 'ollama']

/** Why a provider cannot have this name. */
export function providerNameMistake(name: string): string | undefined {
  if (TAKEN.includes(name)) return 'the name is taken by an upstream that the relay knows already'
  return NAME.test(name) ? undefined : 'a name is up to 31 small letters, digits and dashes'
}

const baseUrl = z.string().superRefine((text, { addIssue }) => {
  const message = baseUrlMistake(text)
  if (message !== undefined) addIssue({ code: 'custom', message })
})

function baseUrlMistake(text: string): string | undefined {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    return 'has to be an address that begins with http:// or https://'
  const { username, password, search, hash } = new URL(text)
  if (username !== '' || password !== '') return 'must not hold a password: use api_key or headers'
  return search === '' && hash === '' ? undefined : 'must not hold a query or a fragment'
}

/** One OpenAI-compatible upstream. The paths of the wires are put behind `base_url` as it is. */
export const providerSchema = z
  .object({
    base_url: baseUrl,
    api_key: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'is no key: it is empty, or holds a blank or a sign that no key has')
      .optional(),
    /** Name of an environment variable of the relay. */
    api_key_env: z.string().min(1).optional(),
    /** Absolute path, read again whenever the key is needed. */
    api_key_file: z.string().refine(isAbsolute, 'has to be a whole path, from the root on').optional(),
    headers: headersSchema.optional(),
    wires: z.array(z.enum(WIRES)).min(1, 'must name one wire at least').optional(),
    models: z.array(z.string().min(1).max(200)).min(1, 'must name one model at least').optional(),
  })
  .superRefine(({ api_key, api_key_env, api_key_file }, { addIssue }) => {
    if ([api_key, api_key_env, api_key_file].filter((source) => source !== undefined).length > 1)
      addIssue({ code: 'custom', message: 'takes one of api_key, api_key_env and api_key_file, not several' })
  })
export type ProviderConfig = z.infer<typeof providerSchema>

export const providersSchema = z.record(z.string(), providerSchema).superRefine((all, { addIssue }) => {
  for (const name of Object.keys(all)) {
    const message = providerNameMistake(name)
    if (message !== undefined) addIssue({ code: 'custom', path: [name], message })
  }
})

export const routingSchema = z.object({
  /** Upstream of models without a prefix. */
  default: z.string().optional(),
  /** Model as the client calls it, or `*`: what is asked in its place, in order. */
  fallbacks: z
    .record(z.string(), z.array(z.string().min(1)).min(1, 'must name one model at least'))
    .optional(),
})
