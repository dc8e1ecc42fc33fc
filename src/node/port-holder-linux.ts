import { readdir, readFile, readlink } from 'node:fs/promises'
import { endianness } from 'node:os'

/** `st` of a listening socket in /proc/net/tcp; see Linux include/net/tcp_states.h. */
const LISTENING = '0A'

interface FoundProcess {
  readonly pid: number
  readonly name: string
  readonly command: string
}

/** Walks /proc; processes of other users are seen only by root. */
export async function linuxPortHolder(host: string, port: number): Promise<FoundProcess | undefined> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readText(`/proc/net/${table}`)))
  const inodes = listeningInodes(tables.join('\n'), host, port)
  if (inodes.size === 0) return undefined
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  for (const pid of pids) if (await holdsSocket(pid, inodes)) return describeProcess(pid)
  return undefined
}

/** Socket inodes that listen on the port at this address or at all addresses. */
export function listeningInodes(table: string, host: string, port: number): Set<string> {
  const inodes = new Set<string>()
  for (const line of table.split('\n')) {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    const [address = '', hexPort = ''] = local.split(':')
    if (state !== LISTENING || Number.parseInt(hexPort, 16) !== port || inode === undefined) continue
    if (overlaps(address, host)) inodes.add(inode)
  }
  return inodes
}

/** The kernel prints an address as 32-bit words in the machine's own byte order. */
function overlaps(hex: string, host: string): boolean {
  if (/^0+$/.test(hex)) return true
  const isIpv6 = hex.length === 32
  if (host === 'localhost') return isIpv6 ? isIpv6Loopback(hex) : ipv4Text(hex).startsWith('127.')
  if (host.includes(':')) return isIpv6 && (host !== '::1' || isIpv6Loopback(hex))
  if (!isIpv6) return ipv4Text(hex) === host
  // ::ffff:a.b.c.d, an IPv4 address held through an IPv6 socket.
  return /^0{16}(?:0000FFFF|FFFF0000)/i.test(hex) && ipv4Text(hex.slice(24)) === host
}

function isIpv6Loopback(hex: string): boolean {
  return hex.startsWith('0'.repeat(24)) && ipv4Text(hex.slice(24)) === '0.0.0.1'
}

function ipv4Text(hex: string): string {
  const bytes = (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('.')
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const directory = `/proc/${pid}/fd`
  // It may have ended or belong to somebody else.
  const descriptors = await readdir(directory).catch(() => [])
  const links = await Promise.all(descriptors.map((fd) => readlink(`${directory}/${fd}`).catch(() => '')))
  return links.some((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''))
}

async function describeProcess(pid: string): Promise<FoundProcess> {
  const name = (await readText(`/proc/${pid}/comm`)).trim() || 'unknown'
  const command = (await readText(`/proc/${pid}/cmdline`)).replaceAll('\0', ' ').trim()
  return { pid: Number(pid), name, command: command || name }
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
