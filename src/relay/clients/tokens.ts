import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Marks our tokens, so that secret scanners and the relay itself tell them from made-up API keys. */
export const CLIENT_PREFIX = 'sbc_'
export const ADMIN_PREFIX = 'sba_'

const TOKEN_BYTES = 32

/** 256 random bits after the prefix. */
export function makeToken(prefix: typeof CLIENT_PREFIX | typeof ADMIN_PREFIX): string {
  return prefix + randomBytes(TOKEN_BYTES).toString('base64url')
}

/**
 * What is stored in place of a token. A plain hash is enough: slow hashes guard passwords that can be guessed,
 * and nobody guesses 256 random bits.
 */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Takes the same time whether and where the hashes differ. */
export function sameHash(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

/** The tokens that came along, where OpenAI clients (`Authorization`) and Anthropic ones (`x-api-key`) put them. */
export function tokensFrom(headers: IncomingHttpHeaders): string[] {
  const tokens: string[] = []
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) tokens.push(bearer)
  const apiKey = headers['x-api-key']
  if (typeof apiKey === 'string' && apiKey.trim() !== '') tokens.push(apiKey.trim())
  return tokens
}
