import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { configError, type Place } from './config-error.ts'

/** What the % tokens of ssh_config(5) stand for. */
export interface TokenValues {
  /** `%n`: the host as the user wrote it. */
  readonly originalHost: string
  /** `%h` */
  readonly hostName: string
  /** `%p` */
  readonly port: number
  /** `%r` */
  readonly remoteUser: string
  /** `%u` */
  readonly localUser: string
  /** `%d` */
  readonly home: string
  /** `%k`; the host as the user wrote it when there is no alias. */
  readonly hostKeyAlias: string | undefined
  /** `%j`: the ProxyJump value, empty without one. */
  readonly proxyJump: string
}

/** `~` and `~/…` become the home directory. `~other` stays: Node cannot look up another user's home. */
export function expandHome(path: string, home: string): string {
  const match = /^~(?:[/\\](.*))?$/s.exec(path)
  return match === null ? path : join(home, match[1] ?? '')
}

/** Expands `~`, `%` tokens and `${NAME}` in a path. */
export function expandPath(
  path: string,
  values: TokenValues,
  env: Readonly<Record<string, string | undefined>>,
  place: Place,
): string {
  return expandHome(expandTokens(expandEnv(path, env, place), tokensOf(values), place), values.home)
}

export function expandEnv(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  place: Place,
): string {
  return text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env[name]
    if (value === undefined) throw configError(place, `the environment has no variable ${name}.`)
    // Not to be read as a token by the next step.
    return value.replaceAll('%', '%%')
  })
}

/** Replaces `%x` by its value; a token that the setting does not know is an error, as in ssh. */
export function expandTokens(text: string, tokens: Readonly<Record<string, string>>, place: Place): string {
  return text.replaceAll(/%(.?)/gs, (_, letter: string) => {
    const value = letter === '%' ? '%' : tokens[letter]
    if (value === undefined) throw configError(place, `"%${letter}" is no token that may stand here.`)
    return value
  })
}

function tokensOf(values: TokenValues): Record<string, string> {
  const { originalHost, hostName, remoteUser, localUser, home, proxyJump } = values
  const port = String(values.port)
  const localHost = hostname()
  const hash = createHash('sha1').update([localHost, hostName, port, remoteUser, proxyJump].join(''))
  return {
    C: hash.digest('hex'),
    L: localHost.split('.')[0] ?? localHost,
    d: home,
    h: hostName,
    i: String(process.getuid?.() ?? ''),
    j: proxyJump,
    k: values.hostKeyAlias ?? originalHost,
    l: localHost,
    n: originalHost,
    p: port,
    r: remoteUser,
    u: localUser,
  }
}
