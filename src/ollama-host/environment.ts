import { type OllamaService, placeOf } from './service.ts'

/** Variables of Ollama that the service sets; there is never a credential among them. */
export function serviceEnvironment(service: OllamaService): Readonly<Record<string, string>> {
  const { context, home, isLocalOnly, keepAlive, maxQueue, models, origins, parallel } = service
  return {
    HOME: home,
    OLLAMA_HOST: placeOf(service),
    OLLAMA_MODELS: models,
    OLLAMA_CONTEXT_LENGTH: String(context),
    OLLAMA_KEEP_ALIVE: keepAlive,
    OLLAMA_NUM_PARALLEL: String(parallel),
    OLLAMA_MAX_QUEUE: String(maxQueue),
    ...(isLocalOnly ? { OLLAMA_NO_CLOUD: '1' } : {}),
    ...(origins.length === 0 ? {} : { OLLAMA_ORIGINS: origins.join(',') }),
  }
}

/**
 * What the service must not have, wherever it would come from: with the first one prompts get into the log, the next
 * let every page of a browser in, and with the last ones Ollama's own answers go through a proxy.
 */
export function unwantedVariables({ origins }: OllamaService): readonly string[] {
  return ['OLLAMA_DEBUG', ...(origins.length === 0 ? ['OLLAMA_ORIGINS'] : []), 'HTTP_PROXY', 'http_proxy']
}
