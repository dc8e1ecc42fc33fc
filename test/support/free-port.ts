import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'

/** Below this are the ports that people expect to find something on, 8080 among them. */
const LOWEST_PORT = 10_000
/** Where most systems begin to take ports for outgoing connections, unless they say otherwise. */
const USUAL_FIRST_EPHEMERAL = 32_768

/** Kept until this process ends: whoever asked may let go of the port for a while and want it back. */
const claims: Server[] = []

/**
 * A loopback port that nobody has, and that nobody gets by chance: it lies below the range from which the kernel
 * takes ports for outgoing connections, and no other process that asks here is given the same one.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const end = firstEphemeralPort()
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (end - LOWEST_PORT))
    if ((await claim(port)) && (await canListen(host, port))) return port
  }
}

function firstEphemeralPort(): number {
  try {
    const first = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10)
    return first > LOWEST_PORT + 1_000 ? first : USUAL_FIRST_EPHEMERAL
  } catch {
    // Not Linux.
    return USUAL_FIRST_EPHEMERAL
  }
}

/** An abstract socket (unix(7)) has one owner and ends with its process; elsewhere chance has to do. */
async function claim(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const server = await listening({ path: `\0sovereign-test-port-${port}` })
  if (server === undefined) return false
  server.unref()
  claims.push(server)
  return true
}

async function canListen(host: string, port: number): Promise<boolean> {
  const server = await listening({ host, port })
  if (server === undefined) return false
  server.close()
  await once(server, 'close')
  return true
}

/** Undefined when somebody else has the address. */
async function listening(address: { path: string } | { host: string; port: number }) {
  const server = createServer()
  server.listen(address)
  try {
    await once(server, 'listening')
    return server
  } catch {
    return undefined
  }
}
