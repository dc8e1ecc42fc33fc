import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface PortHolderProcess {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

const PROGRAM = `
const server = require('node:net').createServer()
const [port, host, path] = process.argv.slice(1)
const where = path === '' ? { port: Number(port), host } : { path }
server.listen(where, () => process.stdout.write((server.address().port ?? 0) + '\\n'))
`

/** Another program that listens on a loopback port, where 0 takes any free one, or on a unix socket. */
export async function startPortHolder(
  teardown: (stop: () => Promise<void>) => void,
  { port = 0, host = '127.0.0.1', args = [] as readonly string[], unixPath = '' } = {},
): Promise<PortHolderProcess> {
  const child = spawn(process.execPath, ['-e', PROGRAM, String(port), host, unixPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  teardown(stop)
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  if (child.pid === undefined) throw new Error('The port holder did not start.')
  return { pid: child.pid, port: Number(said.toString()), stop }
}
