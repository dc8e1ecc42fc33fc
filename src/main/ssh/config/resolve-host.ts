import { homedir, userInfo } from 'node:os'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { SshTarget } from '../link.ts'
import type { ResolvedHost } from '../resolved-host.ts'
import { collectSettings, type Overrides } from './collect.ts'
import type { Setting } from './collected.ts'
import { configError } from './config-error.ts'
import { defaultConfigFiles, existingIdentities, globalKnownHosts, userKnownHosts } from './default-files.ts'
import { parseDestination } from './destination.ts'
import { expandTokens, type TokenValues } from './expand.ts'
import { type ConfigLine, parseConfigFile } from './parse-config.ts'
import { countOf, durationMsOf, flagOf, PathReader, unknownHostsOf } from './setting-reader.ts'
import { readPort } from './values.ts'

export interface ResolveOptions {
  /** The user's file first; a file that does not exist is as good as empty. */
  readonly configFiles: readonly string[]
  readonly home: string
  /** Of the local user; also the remote user where nothing else is said. */
  readonly userName: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** How this user's own ssh would resolve a host; `configFile` is read in place of the usual ones. */
export function ownSshOptions(env: ResolveOptions['env'], configFile?: string): ResolveOptions {
  const home = homedir()
  const configFiles = configFile === undefined ? defaultConfigFiles(home, env) : [configFile]
  return { configFiles, home, userName: ownUserName(env), env }
}

/** A container may run as a user that its system has no entry of. */
function ownUserName({ LOGNAME, USER }: ResolveOptions['env']): string {
  try {
    return userInfo().username
  } catch {
    return LOGNAME || USER || String(process.getuid?.() ?? '')
  }
}

/**
 * Finds out everything about a host as ssh would. Rejects with `ssh.config-invalid`, naming file and line.
 */
export async function resolveHost(target: SshTarget, options: ResolveOptions): Promise<ResolvedHost> {
  const files = await Promise.all(options.configFiles.map((file) => parseConfigFile(file, options.home)))
  if ('alias' in target) return new Resolver(files, options).resolve(target.alias, {}, [])
  const { host, user, port, identityFile } = target
  const written = host.includes(':') ? `[${host}]` : host
  const displayName = `${user === undefined ? '' : `${user}@`}${written}${port === undefined ? '' : `:${port}`}`
  return {
    ...(await new Resolver(files, options).resolve(written, { user, port, identityFile }, [])),
    displayName,
  }
}

/** A host that a file calls by its name. */
export interface NamedHost {
  readonly alias: string
  /** The line that names it first. */
  readonly file: string
  readonly line: number
  /** Undefined where the configuration for it cannot be used. */
  readonly resolved: ResolvedHost | undefined
}

/** Hosts that can be offered for choosing: the names in Host lines that are no patterns, in their order. */
export async function namedHosts(options: ResolveOptions): Promise<readonly NamedHost[]> {
  const files = await Promise.all(options.configFiles.map((file) => parseConfigFile(file, options.home)))
  const resolver = new Resolver(files, options)
  const found = new Map<string, NamedHost>()
  const collect = (lines: readonly ConfigLine[]): void => {
    for (const { keyword, words, included, file, line } of lines) {
      for (const alias of keyword === 'host' ? words.filter((word) => !/[*?!]/.test(word)) : [])
        if (!found.has(alias)) found.set(alias, { alias, file, line, resolved: resolver.attempt(alias) })
      included.forEach(collect)
    }
  }
  files.forEach(collect)
  return [...found.values()]
}

/** ssh waits for TCP, which is minutes; people are not that patient. */
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000

class Resolver {
  private readonly files: readonly (readonly ConfigLine[])[]
  private readonly options: ResolveOptions

  constructor(files: readonly (readonly ConfigLine[])[], options: ResolveOptions) {
    this.files = files
    this.options = options
  }

  attempt(name: string): ResolvedHost | undefined {
    try {
      return this.resolve(name, {}, [])
    } catch (error) {
      if (error instanceof AppError) return undefined
      throw error
    }
  }

  /** `way` holds the aliases that led here, to notice jumps in a circle. */
  resolve(name: string, overrides: Overrides, way: readonly string[]): ResolvedHost {
    const destination = parseDestination(name)
    if (destination === undefined) {
      throw new AppError(
        'ssh.config-invalid',
        `"${name}" is no host name, no user@host and no ssh:// address.`,
        {
          remedy: 'Name a host of your SSH config, or write user@host:port.',
        },
      )
    }
    const { host } = destination
    if (way.includes(host)) {
      throw new AppError('ssh.config-invalid', `ProxyJump goes in a circle: ${[...way, host].join(' → ')}.`, {
        remedy: 'Correct ProxyJump of one of these hosts, or set it to none.',
      })
    }
    const { userName, env, home } = this.options
    const query = { host, localUser: userName }
    const collected = collectSettings(this.files, query, {
      ...overrides,
      user: overrides.user ?? destination.user,
      port: overrides.port ?? destination.port,
    })
    const hostName = normalizedHostName(collected.hostName(host))
    const port = collected.first('port')
    const jump = collected.first('proxyjump')
    const tokens: TokenValues = {
      originalHost: host,
      hostName,
      port: port === undefined ? 22 : readPort(port.words[0] ?? '', port),
      remoteUser: collected.word('user') ?? userName,
      localUser: userName,
      home,
      hostKeyAlias: collected.word('hostkeyalias')?.toLowerCase(),
      proxyJump: jump?.keyword === 'proxyjump' && jump.words[0] !== 'none' ? (jump.words[0] ?? '') : '',
    }
    const paths = new PathReader(collected, tokens, env)
    return {
      displayName: name,
      hostName,
      port: tokens.port,
      user: tokens.remoteUser,
      hostKeyAlias: tokens.hostKeyAlias,
      identityFiles: paths.many('identityfile') ?? existingIdentities(home),
      certificateFiles: paths.many('certificatefile') ?? [],
      identityAgent: paths.agent(),
      identitiesOnly: flagOf(collected, 'identitiesonly'),
      userKnownHostsFiles: paths.words('userknownhostsfile') ?? userKnownHosts(home),
      globalKnownHostsFiles: paths.unexpanded('globalknownhostsfile') ?? globalKnownHosts(env),
      hashKnownHosts: flagOf(collected, 'hashknownhosts'),
      unknownHosts: unknownHostsOf(collected),
      connectTimeoutMs: durationMsOf(collected, 'connecttimeout') || DEFAULT_CONNECT_TIMEOUT_MS,
      serverAliveIntervalMs: durationMsOf(collected, 'serveraliveinterval'),
      serverAliveCountMax: countOf(collected, 'serveralivecountmax', 3),
      jumps: this.jumpsOf(jump, tokens, [...way, host]),
    }
  }

  /**
   * The first jump of a list may have jumps of its own; the way to each later one is the one before it, as if
   * `-J` had been given for it.
   */
  private jumpsOf(
    setting: (Setting & { readonly keyword: string }) | undefined,
    { hostName, originalHost, port, remoteUser }: TokenValues,
    way: readonly string[],
  ): readonly ResolvedHost[] {
    if (setting === undefined || setting.rest.toLowerCase() === 'none') return []
    if (setting.keyword === 'proxycommand') {
      throw configError(
        setting,
        'ProxyCommand runs a program in place of a connection, which Sovereign Bridge does not do.',
        'Use ProxyJump for that host, or set "ProxyJump none" above that line if no jump is needed.',
      )
    }
    const tokens = { h: hostName, n: originalHost, p: String(port), r: remoteUser }
    const names = expandTokens(setting.words[0] ?? '', tokens, setting).split(',')
    return names.flatMap((name, index) => {
      if (parseDestination(name) === undefined) {
        throw configError(setting, `ProxyJump names "${name}", which is no user@host:port.`)
      }
      const jump = this.resolve(name, index === 0 ? {} : { proxyJump: 'none' }, way)
      return [...jump.jumps, { ...jump, jumps: [] }]
    })
  }
}

function normalizedHostName(name: string): string {
  return name.replace(/^\[(.*)\]$/, '$1').toLowerCase()
}
