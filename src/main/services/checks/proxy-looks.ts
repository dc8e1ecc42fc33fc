import { readFile } from 'node:fs/promises'
import { expiryWarning, isoDate, readCertificateFacts } from '../../../node/pki/expiry.ts'
import { isSignedBy } from '../../../node/pki/issuer.ts'
import { readTlsMaterial, type TlsSources } from '../../../node/tunnel/tls-material.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { MtlsSettings } from '../../../shared/settings/egress.ts'
import type { BridgeState } from '../../../shared/state/bridge-state.ts'
import type { TunnelState } from '../../../shared/state/egress.ts'
import { assertNever } from '../../../shared/util/assert-never.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import { expandHome } from '../../ssh/config/expand.ts'
import { type Finding, failed, failedFor, type Look, ok, skipped, warning } from './check.ts'

/** The proxy of this computer, as far as the settings ask for more than going out directly. */
export function proxyLooks(core: BridgeCore): Look[] {
  const { mtls, systemProxy } = core.profile.egress
  const system = {
    id: 'proxy.system',
    title: 'Proxy of the system',
    run: async () => systemFinding(core.state),
  }
  return [...(systemProxy ? [system] : []), ...(mtls === undefined ? [] : tunnelLooks(core, mtls))]
}

function systemFinding({ egress: { systemProxy } }: BridgeState): Finding {
  if (systemProxy === undefined) return skipped('It is left as it is while the bridge is disconnected.')
  return systemProxy.kind === 'set' ? ok('It leads to this bridge.') : failedFor(systemProxy.cause)
}

function tunnelLooks(core: BridgeCore, mtls: MtlsSettings): Look[] {
  const certificate = { title: 'Certificate of the tunnel', run: () => certificateFinding(core, mtls) }
  const asleep = async (): Promise<Finding> => {
    const isUsable = await certificate.run().then(
      ({ status }) => status !== 'failed',
      () => false,
    )
    if (isUsable) return ok('Its server is asleep; the first request wakes it.')
    const fix = `Mend what "${certificate.title}" says.`
    return warning('Its server is asleep, and no request can wake it with these certificates.', fix)
  }
  const run = async (): Promise<Finding> => {
    const { tunnel } = core.state.egress
    return tunnel.phase === 'asleep' ? await asleep() : stateFinding(tunnel)
  }
  return [
    { id: 'tunnel', title: 'Tunnel of the proxy', run },
    { id: 'tunnel.certificate', ...certificate },
  ]
}

function stateFinding(tunnel: Exclude<TunnelState, { phase: 'asleep' }>): Finding {
  switch (tunnel.phase) {
    case 'off':
      return skipped('It is not connected.')
    case 'waking':
    case 'connecting':
      return warning('It is on its way.', 'Look again in a moment.')
    case 'connected':
      return ok(`${tunnel.server} is connected.`)
    case 'reconnecting':
    case 'failed':
      return failedFor(tunnel.cause)
    case 'draining':
    case 'killing':
      return warning('It is being taken down.', 'Look again in a moment.')
    default:
      return assertNever(tunnel)
  }
}

/** What the next connection would say of its files, and what it could not know before the server refuses it. */
async function certificateFinding({ ambient, ssh, state }: BridgeCore, mtls: MtlsSettings): Promise<Finding> {
  const plain = (path: string) => expandHome(path, ssh.home)
  const [ca, cert] = [plain(mtls.ca), plain(mtls.cert)]
  const crl = mtls.crl && plain(mtls.crl)
  await refuseUnusable({ ca, cert, key: plain(mtls.key), crl }, ambient.now())
  const [authority, own] = await Promise.all([
    readCertificateFacts(ca, ambient.now()),
    readCertificateFacts(cert, ambient.now()),
  ])
  const found = [
    { facts: authority, text: expiryWarning('The certificate authority', authority) },
    { facts: own, text: expiryWarning('The certificate of this agent', own) },
  ]
  const worst = found.find(({ facts }) => facts.state === 'expired' || facts.state === 'not-yet')
  const fix = 'Renew it with "sovereign certs renew" where the certificate authority is.'
  if (worst?.text !== undefined) return failed(worst.text, fix)
  if (!isSignedBy(await readFile(cert, 'utf8'), await readFile(ca, 'utf8')))
    return foreignFinding(cert, ca, state.egress.tunnel)
  const near = found.find(({ text }) => text !== undefined)
  if (near?.text !== undefined) return warning(near.text, fix)
  return ok(`The certificate of this agent is good until ${isoDate(own.notAfter)}.`)
}

/** Times are told apart by whose they are, and so come later. @throws AppError `certs.invalid` */
async function refuseUnusable(files: TlsSources, now: number): Promise<void> {
  try {
    const { listExpiresAt } = await readTlsMaterial(files, now)
    if (listExpiresAt <= now) throw oldList(files.crl, listExpiresAt)
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'certs.expired')) throw error
  }
}

function oldList(crl = '', end: number): AppError {
  const message = `The revocation list ${crl} ended on ${isoDate(end)}: no server of its authority is trusted any more.`
  return new AppError('certs.invalid', message, {
    remedy: 'Run "sovereign certs crl" where the certificate authority is, and bring the new crl.pem here.',
  })
}

/** A server may believe another authority than the one that has signed its own certificate. */
function foreignFinding(cert: string, ca: string, { phase }: TunnelState): Finding {
  const detail = `${cert} is not signed by the authority in ${ca}.`
  const fix = 'Name the files that came together, as "sovereign certs export" writes them.'
  return phase === 'connected' ? warning(detail, fix) : failed(detail, fix)
}
