import { type HostMachine, textOf } from './host-machine.ts'
import { DAEMON_FOLDER, DAEMON_LABEL, LOG_KEEPER_LABEL } from './launchd-daemon.ts'
import { OWN_MARK, USUAL_PORT } from './service.ts'
import { launchdControl, type ServiceControl, systemdControl } from './service-control.ts'
import { DROP_IN, OWN_UNIT, STOCK_UNIT, UNIT_FOLDERS } from './systemd-unit.ts'

/** What starts Ollama on this machine. */
export interface FoundService {
  /** `own`: a service of ours. `changed`: that of Ollama's installer with our drop-in. `stock`: that one as it was. */
  readonly kind: 'own' | 'changed' | 'stock'
  readonly control: ServiceControl
  /** Our files, as they are there. */
  readonly files: readonly { readonly path: string; readonly content: string }[]
  /** `host:port` as our files say it. */
  readonly place: string | undefined
}

export async function findService(machine: HostMachine): Promise<FoundService | undefined> {
  return machine.platform === 'darwin' ? findDaemon(machine) : findUnit(machine)
}

/** The unit that somebody else has written, as text. */
export async function stockUnit(machine: HostMachine): Promise<string | undefined> {
  for (const folder of UNIT_FOLDERS) {
    const text = await textOf(machine, `${folder}/${STOCK_UNIT}`)
    if (text !== undefined) return text
  }
  return undefined
}

async function findUnit(machine: HostMachine): Promise<FoundService | undefined> {
  const own = await ownFiles(machine, [`/etc/systemd/system/${OWN_UNIT}`])
  if (own.length > 0)
    return { kind: 'own', control: systemdControl(machine, OWN_UNIT), files: own, place: placeIn(own) }
  if ((await stockUnit(machine)) === undefined) return undefined
  const files = await ownFiles(machine, [DROP_IN])
  const control = systemdControl(machine, STOCK_UNIT)
  return { kind: files.length > 0 ? 'changed' : 'stock', control, files, place: placeIn(files) }
}

async function findDaemon(machine: HostMachine): Promise<FoundService | undefined> {
  const paths = [DAEMON_LABEL, LOG_KEEPER_LABEL].map((label) => `${DAEMON_FOLDER}/${label}.plist`)
  const files = await ownFiles(machine, paths)
  if (files.length === 0) return undefined
  return { kind: 'own', control: launchdControl(machine), files, place: placeIn(files) }
}

async function ownFiles(
  machine: HostMachine,
  paths: readonly string[],
): Promise<{ path: string; content: string }[]> {
  const found = await Promise.all(paths.map(async (path) => ({ path, content: await textOf(machine, path) })))
  return found.flatMap(({ path, content }) => (content?.includes(OWN_MARK) ? [{ path, content }] : []))
}

function placeIn(files: readonly { readonly content: string }[]): string | undefined {
  const [first] = files.flatMap(
    ({ content }) =>
      /^Environment="?OLLAMA_HOST=([^\s"]+)/m.exec(content)?.[1] ??
      /<key>OLLAMA_HOST<\/key>\s*<string>([^<]+)</.exec(content)?.[1] ??
      [],
  )
  return first
}

/** Where the Ollama of this machine is asked: as our files say, else OLLAMA_HOST, else where it usually is. */
export async function urlHere(machine: HostMachine): Promise<string> {
  const place = (await findService(machine).catch(() => undefined))?.place ?? machine.env.OLLAMA_HOST
  return hostUrl(place ?? '')
}

/** Reads OLLAMA_HOST as Ollama does; what means "all addresses" is asked on loopback. */
export function hostUrl(place: string): string {
  const [, scheme = 'http', rest = ''] = /^(?:(https?):\/\/)?([^/]*)/.exec(place) ?? []
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(rest) ?? []
  const name = host === '' || host === '0.0.0.0' ? '127.0.0.1' : host === '[::]' ? '[::1]' : host
  const usual = /^https?:/.test(place) ? (scheme === 'https' ? 443 : 80) : USUAL_PORT
  return `${scheme}://${name}:${port ?? usual}`
}
