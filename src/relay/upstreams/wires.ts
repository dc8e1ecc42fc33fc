import type { Dialect } from '../server/error-response.ts'

/** The forms of request that a model answers, named as config.json names them. */
export const WIRES = ['chat', 'responses', 'messages', 'embeddings', 'completions'] as const
export type Wire = (typeof WIRES)[number]

const PATHS: Readonly<Record<Wire, string>> = {
  chat: '/chat/completions',
  responses: '/responses',
  messages: '/messages',
  embeddings: '/embeddings',
  completions: '/completions',
}

/** Below the `/v1` of whoever serves it. */
export function pathOf(wire: Wire): string {
  return PATHS[wire]
}

/** As Copilot names it, which has no `/v1` but for the Messages API, and as `supported_endpoints` of all models do. */
export function copilotPath(wire: Wire): string {
  return wire === 'messages' ? '/v1/messages' : pathOf(wire)
}

/** @param path below `/v1`. */
export function wireAt(path: string): Wire | undefined {
  return WIRES.find((wire) => PATHS[wire] === path)
}

export function dialectOf(wire: Wire): Dialect {
  return wire === 'responses' || wire === 'messages' ? wire : 'chat'
}

/** Whether a model writes text in answer to it: only these can stand in for each other. */
export function isText(wire: Wire): boolean {
  return wire !== 'embeddings'
}
