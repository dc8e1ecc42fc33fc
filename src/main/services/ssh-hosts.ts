import type { CallResult } from '../../shared/bridge-api/calls.ts'
import { namedHosts, type ResolveOptions } from '../ssh/config/resolve-host.ts'

type SshHosts = CallResult<'listSshHosts'>

/** More than anybody reads through; whoever has more types the name. */
const MOST_HOSTS = 1_000

/**
 * The hosts that the SSH config names, as ssh would reach them. One that cannot be used as it stands there is
 * listed by its name alone: testing it says what is wrong.
 */
export async function listSshHosts(options: ResolveOptions): Promise<SshHosts> {
  const named = await namedHosts(options)
  return {
    hosts: named.slice(0, MOST_HOSTS).map(({ alias, file, line, resolved }) => ({
      alias,
      host: resolved?.hostName ?? alias,
      ...(resolved === undefined ? {} : { user: resolved.user }),
      port: resolved?.port ?? 22,
      source: `${file}:${line}`,
    })),
  }
}
