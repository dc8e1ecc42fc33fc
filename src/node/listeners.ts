import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { promisify } from 'node:util'
import ipaddr from 'ipaddr.js'

const run = promisify(execFile)
const COMMAND_TIMEOUT_MS = 5_000
/** `st` of a listening socket in /proc/net/tcp; see Linux include/net/tcp_states.h. */
const LISTENING = '0A'

/** The addresses at which something listens on a TCP port; `0.0.0.0` and `::` stand for all of a kind. */
export async function listenersOn(port: number): Promise<readonly string[]> {
  const found = process.platform === 'linux' ? await fromProc(port) : await fromLsof(port)
  return [...new Set(found)].sort()
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

async function fromProc(port: number): Promise<string[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8').catch(() => '')),
  )
  return tables.flatMap((table) => parseListeners(table, port))
}

/** Reads /proc/net/tcp and tcp6. */
export function parseListeners(table: string, port: number): string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', hexPort = ''] = local.split(':')
    const isOurs = state === LISTENING && Number.parseInt(hexPort, 16) === port
    return isOurs ? [addressText(address)] : []
  })
}

/** The kernel prints an address as 32-bit words in the machine's own byte order. */
function addressText(hex: string): string {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) => {
    const parts = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))
    return endianness() === 'LE' ? parts.reverse() : parts
  })
  const address = ipaddr.fromByteArray(bytes)
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress())
    return address.toIPv4Address().toString()
  return address.toString()
}

async function fromLsof(port: number): Promise<string[]> {
  const options = { timeout: COMMAND_TIMEOUT_MS }
  // lsof fails where it finds nothing.
  const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-FnT'], options).catch(
    () => ({
      stdout: '',
    }),
  )
  return parseLsofNames(stdout)
}

/** Reads `lsof -Fn`: `n*:11434`, `n127.0.0.1:11434`, `n[::1]:11434`; `*` is said of both kinds. */
export function parseLsofNames(text: string): string[] {
  return [...text.matchAll(/^n(.+):\d+$/gm)].flatMap(([, name = '']) =>
    name === '*' ? ['0.0.0.0'] : [name.replace(/^\[(.*)\]$/, '$1')],
  )
}
