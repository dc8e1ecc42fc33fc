import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { AppError, toAppError } from '../../shared/errors/app-error.ts'
import { errorDefinition } from '../../shared/errors/codes.ts'
import type { Exchange, Route } from '../server/route.ts'
import { baseUrlOf } from './base-url.ts'
import { BundleStore } from './bundle.ts'
import { CLIENTS, clientSettings, isClientName } from './client-settings.ts'
import { kitFile } from './kit-file.ts'
import { offerOf } from './offer.ts'
import { mergeOpenCode } from './opencode-merge.ts'
import { removeFromOpenCode } from './opencode-restore.ts'
import { isOpenCodePlatform, OPENCODE_PLATFORMS } from './opencode-store.ts'
import { readConfig, sendText } from './plain-http.ts'
import type { SetupDependencies } from './setup-dependencies.ts'
import { mergeReply, removeReply } from './setup-reply.ts'
import { shellQuote } from './shell-quote.ts'
import { isTier, TIERS, type Tier } from './tiers.ts'

export type { SetupDependencies }

/** Folder with the OpenCode binaries that bundles may carry. */
export function openCodeFolder(dataDir: string): string {
  return join(dataDir, 'opencode')
}

/**
 * Routes of the client kit. The script and the bundle hold nothing private and are open, so that
 * `curl …/setup | bash` works before there is a token; what edits a configuration asks for the client's token.
 */
export function setupRoutes(dependencies: SetupDependencies): Route[] {
  const bundles = new BundleStore({
    version: dependencies.version,
    cacheDir: join(dependencies.dataDir, 'bundle'),
    opencodeDir: openCodeFolder(dependencies.dataDir),
  })
  const plain = (handle: Route['handle']) => (exchange: Exchange) => withPlainErrors(exchange, handle)
  return [
    { method: 'GET', path: '/setup', access: 'open', handle: plain((x) => sendSetup(dependencies, x)) },
    { method: 'GET', path: '/setup/tunnel.sh', access: 'open', handle: plain(sendTunnel) },
    { method: 'GET', path: '/bundle.tar.gz', access: 'open', handle: plain((x) => sendBundle(bundles, x)) },
    {
      method: 'POST',
      path: '/setup/opencode/merge',
      access: 'client',
      handle: plain((x) => sendMerge(dependencies, x)),
    },
    { method: 'POST', path: '/setup/opencode/remove', access: 'client', handle: plain(sendRemove) },
  ]
}

async function sendSetup(dependencies: SetupDependencies, exchange: Exchange): Promise<void> {
  const query = exchange.url.searchParams
  const baseUrl = baseUrlOf(exchange.request)
  const client = query.get('client')
  if (client === null || client === 'opencode') {
    const settings = scriptSettings(baseUrl, query)
    sendText(exchange, 200, kitFile('setup.sh', settings), 'text/x-shellscript; charset=utf-8')
    return
  }
  if (!isClientName(client)) throw invalid('client', client, ['opencode', ...CLIENTS])
  const tier = tierOf(query)
  const offer = await offerOf(dependencies, exchange.signal)
  sendText(exchange, 200, clientSettings(client, offer.clientSettings(baseUrl, tier)))
}

/** A mistake in the query is told by the script itself: of an error page, `curl -f` would show the number alone. */
function scriptSettings(baseUrl: string, query: URLSearchParams): string[] {
  const base = `BASE=${shellQuote(baseUrl)}`
  try {
    return [
      base,
      `TIER=${shellQuote(tierOf(query) ?? '')}`,
      `DRY_RUN=${flagOf(query, 'dry-run')}`,
      `UNINSTALL=${flagOf(query, 'uninstall')}`,
    ]
  } catch (error) {
    return [base, `REFUSED=${shellQuote(toAppError(error).message)}`]
  }
}

async function sendTunnel(exchange: Exchange): Promise<void> {
  const base = new URL(baseUrlOf(exchange.request))
  const port = base.port || (base.protocol === 'https:' ? '443' : '80')
  sendText(exchange, 200, kitFile('tunnel.sh', [`HOST_PORT=${port}`]), 'text/x-shellscript; charset=utf-8')
}

async function sendMerge(dependencies: SetupDependencies, exchange: Exchange): Promise<void> {
  const baseUrl = baseUrlOf(exchange.request)
  const tier = tierOf(exchange.url.searchParams)
  const config = await readConfig(exchange)
  const offer = await offerOf(dependencies, exchange.signal)
  const merged = mergeOpenCode(config.current, offer.openCodePart(baseUrl, tier), tier !== undefined)
  const reply = await mergeReply(config, merged, offer.notes, offer.clientSettings(baseUrl, tier))
  sendText(exchange, 200, reply, 'application/x-tar')
}

async function sendRemove(exchange: Exchange): Promise<void> {
  const { current, before } = await readConfig(exchange)
  const reply = await removeReply(removeFromOpenCode(current, before))
  sendText(exchange, 200, reply, 'application/x-tar')
}

async function sendBundle(bundles: BundleStore, exchange: Exchange): Promise<void> {
  const platform = exchange.url.searchParams.get('opencode')
  if (platform !== null && !isOpenCodePlatform(platform))
    throw invalid('opencode', platform, OPENCODE_PLATFORMS)
  const bundle = await bundles.get(platform ?? undefined)
  const { request, response, signal } = exchange
  const etag = `"${bundle.sha256}"`
  response.setHeader('ETag', etag)
  response.setHeader('Cache-Control', 'no-cache')
  const seen = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  if (seen.includes(etag) || seen.includes('*')) {
    response.writeHead(304).end()
    return
  }
  response.writeHead(200, {
    'Content-Type': 'application/gzip',
    'Content-Length': bundle.size,
    'Content-Disposition': 'attachment; filename="sovereign-kit.tar.gz"',
    'X-Content-SHA256': bundle.sha256,
    // RFC 9530
    'Repr-Digest': `sha-256=:${Buffer.from(bundle.sha256, 'hex').toString('base64')}:`,
  })
  if (request.method === 'HEAD') response.end()
  else await pipeline(createReadStream(bundle.path), response, { signal })
}

function tierOf(query: URLSearchParams): Tier | undefined {
  const tier = query.get('tier') ?? ''
  if (tier === '') return undefined
  if (!isTier(tier)) throw invalid('tier', tier, TIERS)
  return tier
}

function flagOf(query: URLSearchParams, name: string): '0' | '1' {
  const value = query.get(name) ?? '0'
  if (value === '0' || value === 'false') return '0'
  if (value === '1' || value === 'true' || value === '') return '1'
  throw invalid(name, value, ['0', '1'])
}

function invalid(name: string, value: string, allowed: readonly string[]): AppError {
  const shown = JSON.stringify(value.slice(0, 40))
  return new AppError(
    'setup.arguments-invalid',
    `${name} cannot be ${shown}; it is one of: ${allowed.join(', ')}.`,
  )
}

/** A shell script reads these answers out to a person, so failures are words here and not JSON. */
async function withPlainErrors(exchange: Exchange, handle: Route['handle']): Promise<void> {
  try {
    await handle(exchange)
  } catch (error) {
    const failure = toAppError(error)
    if (failure.code === 'internal.bug' || exchange.response.headersSent) throw error
    const status = errorDefinition(failure.code).status ?? 500
    sendText(exchange, status, `${failure.message}\n${failure.remedy}\n`)
  }
}
