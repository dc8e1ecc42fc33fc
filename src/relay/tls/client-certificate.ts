import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { clientNameSchema } from '../../shared/protocol/clients.ts'

/**
 * The name in the certificate that a client has shown and that was checked: the first that can be a client's name
 * among its DNS names, the last parts of its URIs, and its common name.
 */
export function certificateName(connection: Duplex): string | undefined {
  if (!(connection instanceof TLSSocket) || !connection.authorized) return undefined
  const { subjectaltname = '', subject } = connection.getPeerCertificate()
  const common: string | readonly string[] | undefined = subject?.CN
  const names = [...alternativeNames(subjectaltname), ...[common ?? []].flat()]
  return names.find((name) => clientNameSchema.safeParse(name).success)
}

/** `DNS:vm-1.example.org, URI:spiffe://home/vm-1`. */
function alternativeNames(text: string): string[] {
  // Node puts a name that could be mistaken for several into quotes; nobody needs such a name.
  if (text.includes('"')) return []
  const entries = text.split(', ')
  const of = (kind: string): string[] =>
    entries.filter((entry) => entry.startsWith(kind)).map((entry) => entry.slice(kind.length))
  return [...of('DNS:'), ...of('URI:').map((uri) => uri.slice(uri.lastIndexOf('/') + 1))]
}
