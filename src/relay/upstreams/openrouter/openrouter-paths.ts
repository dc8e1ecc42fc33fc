/** What clients may reach without being the owner; `/model/` stands for everything below it. */
const USUAL = [
  '/api/v1/chat/completions',
  '/api/v1/completions',
  '/api/v1/responses',
  '/api/v1/messages',
  '/api/v1/embeddings',
  '/api/v1/models',
  '/api/v1/model',
  '/api/v1/endpoints/zdr',
  '/api/v1/generation',
]

/** Tells about the key and what is left on it. */
const FOR_ADMIN = ['/api/v1/key', '/api/v1/auth/key', '/api/v1/credits']

/** These paths take a request that a model answers; their bodies must ask for zero data retention. */
const INFERENCE = [
  '/api/v1/chat/completions',
  '/api/v1/completions',
  '/api/v1/responses',
  '/api/v1/messages',
  '/api/v1/embeddings',
]

/**
 * Judges a path after the URL parser has resolved its dot segments. Anything that another parser could read
 * differently (escapes, doubled slashes, backslashes) is refused rather than guessed at.
 */
export function isPathOpen(
  pathname: string,
  options: { readonly isAdmin: boolean; readonly allowed: readonly string[] | undefined },
): boolean {
  if (!/^\/api\/v1(?:\/[\w.:~@-]+)+$/.test(pathname)) return false
  if (pathname.split('/').some((segment) => segment === '.' || segment === '..')) return false
  const open = [...(options.allowed ?? USUAL), ...(options.isAdmin ? FOR_ADMIN : [])]
  return open.some((path) => pathname === path || pathname.startsWith(`${path.replace(/\/$/, '')}/`))
}

/** Every path that takes a body counts as inference, also ones that this version has never heard of. */
export function isInference(method: string, pathname: string): boolean {
  return method !== 'GET' || INFERENCE.includes(pathname)
}
