import { onTestFinished } from 'vitest'
import type { SshLink } from '../../src/main/ssh/link.ts'
import type { ResolvedHost } from '../../src/main/ssh/resolved-host.ts'
import { type MakeLinkOptions, makeLink, stateOf } from './make-link.ts'
import { type Sshd, startSshd } from './start-sshd.ts'

/** A server with these lines more in its settings; it ends with the test. */
export function startOwnSshd(config: readonly string[] = []): Promise<Sshd> {
  return startSshd({ teardown: onTestFinished, config })
}

/** A link on its way up, closed with the test. */
export function startLink(host: ResolvedHost, options?: MakeLinkOptions): SshLink {
  const link = makeLink(host, options)
  onTestFinished(() => link.close())
  link.start()
  return link
}

/** A link that is up, closed with the test. */
export async function connectLink(host: ResolvedHost, options?: MakeLinkOptions): Promise<SshLink> {
  const link = startLink(host, options)
  await stateOf(link, 'connected')
  return link
}
