import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { redactText } from './log.ts'
import { linuxPortHolder } from './port-holder-linux.ts'

const run = promisify(execFile)
const COMMAND_TIMEOUT_MS = 3_000
const LONGEST_COMMAND = 120

/** A process that listens on a port. */
export interface PortHolder {
  readonly pid: number
  readonly name: string
  /** Its command line, shortened and with credentials blanked out. */
  readonly command: string
}

/** Who listens on this address, as far as this user may see it. Never throws. */
export async function portHolder(host: string, port: number): Promise<PortHolder | undefined> {
  try {
    const found = await lookUp(host, port)
    return found === undefined ? undefined : { ...found, command: presentable(found.command) }
  } catch {
    // A tool that is missing, refused or too slow: the port stays taken, only its holder stays unnamed.
    return undefined
  }
}

/** Whoever has a port, for the end of a sentence. */
export function holderText(holder: PortHolder | undefined): string {
  if (holder === undefined) return 'a program that this user may not see'
  if (holder.pid === process.pid) return 'Sovereign Bridge itself'
  return `${holder.name} (process ${holder.pid}: ${holder.command})`
}

/** The nearest port above (or else below) that can be listened on right now. Never throws. */
export async function freePortNear(host: string, port: number): Promise<number | undefined> {
  for (const candidate of portsNear(port)) if (await canListen(host, candidate)) return candidate
  return undefined
}

function lookUp(host: string, port: number): Promise<PortHolder | undefined> {
  switch (process.platform) {
    case 'linux':
    case 'android':
      return linuxPortHolder(host, port)
    case 'win32':
      return windowsPortHolder(port)
    default:
      return lsofPortHolder(port)
  }
}

async function lsofPortHolder(port: number): Promise<PortHolder | undefined> {
  const text = await output('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'])
  const found = parseLsof(text)
  if (found === undefined) return undefined
  const command = await output('ps', ['-o', 'command=', '-p', String(found.pid)]).catch(() => '')
  return { ...found, command: command.trim() || found.name }
}

async function windowsPortHolder(port: number): Promise<PortHolder | undefined> {
  const pid = parseNetstat(await output('netstat', ['-ano', '-p', 'TCP']), port)
  if (pid === undefined) return undefined
  const list = await output('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']).catch(() => '')
  const name = /^"([^"]+)"/.exec(list.trim())?.[1] ?? 'unknown'
  return { pid, name, command: name }
}

async function output(program: string, args: readonly string[]): Promise<string> {
  return (await run(program, args, { timeout: COMMAND_TIMEOUT_MS, windowsHide: true })).stdout
}

/** Reads `lsof -Fpc`: one field a line, `p` for the process and `c` for its name. */
export function parseLsof(text: string): { pid: number; name: string } | undefined {
  const pid = /^p(\d+)$/m.exec(text)?.[1]
  return pid === undefined ? undefined : { pid: Number(pid), name: /^c(.+)$/m.exec(text)?.[1] ?? 'unknown' }
}

/** Finds the listener in `netstat -ano`. The word for "listening" is translated, the empty far end is not. */
export function parseNetstat(text: string, port: number): number | undefined {
  for (const line of text.split('\n')) {
    const [, local, far, ...rest] = line.trim().split(/\s+/)
    const isListening = far === '0.0.0.0:0' || far === '[::]:0'
    const pid = Number(rest.at(-1))
    if (isListening && local?.endsWith(`:${port}`) === true && Number.isInteger(pid)) return pid
  }
  return undefined
}

/** Another program's command line may hold anything, and this text is shown and logged. */
function presentable(command: string): string {
  const text = redactText(command.replace(/[\p{Cc}\s]+/gu, ' ').trim()).replace(
    /((?:key|token|secret|password|passwd)[=\s]\s*)\S+/gi,
    '$1[redacted]',
  )
  return text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND - 1)}…` : text
}

function portsNear(port: number): number[] {
  const above = Array.from({ length: 100 }, (_, index) => port + 1 + index)
  const below = Array.from({ length: 100 }, (_, index) => port - 1 - index)
  return [...above, ...below].filter((candidate) => candidate >= 1024 && candidate <= 65_535)
}

async function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}
