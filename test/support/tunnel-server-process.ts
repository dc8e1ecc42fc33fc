import { copyFile, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { runSovereign, type SovereignProcess } from './sovereign-process.ts'
import type { TunnelCerts } from './start-tunnel.ts'

export interface TunnelServerProcess {
  readonly running: SovereignProcess
  readonly port: number
  /** Its configuration. */
  readonly file: string
}

/**
 * `sovereign tunnel-server` as its own process, which ends with the test. It lets the agent "laptop" in, and to this
 * machine.
 *
 * @param lines more of its configuration. @param command what runs it; see {@link runSovereign}.
 */
export async function startTunnelServerProcess(
  certs: TunnelCerts,
  lines: readonly string[] = [],
  command?: readonly string[],
): Promise<TunnelServerProcess> {
  const dir = await mkdtemp(join(certs.authority.dir, 'run-'))
  await copyFile(certs.server.cert, join(dir, 'cert.pem'))
  await copyFile(certs.server.key, join(dir, 'key.pem'))
  const file = join(dir, 'server.yaml')
  const fixed = ['listen_addr: 127.0.0.1', 'listen_port: 0', 'cert_file: cert.pem', 'key_file: key.pem']
  const allowed = ['allow: ["sovereign://agent/laptop"]', 'allow_private: ["127.0.0.0/8"]', 'health_port: 0']
  await writeFile(file, [...fixed, `ca_cert_file: ${certs.ca}`, ...allowed, ...lines, ''].join('\n'))
  const running = runSovereign(['tunnel-server', '--config', file], {}, command)
  onTestFinished(async () => void (await running.stop('SIGKILL')))
  const port = await running.line((line) => {
    const found = /^Tunnel server on 127\.0\.0\.1:(\d+) for sovereign:\/\/agent\/laptop$/.exec(line)?.[1]
    return found === undefined ? undefined : Number(found)
  }, 'start line')
  return { running, port, file }
}
