import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../test/support/free-port.ts'
import { accepts, waitUntil } from '../../test/support/start-sshd.ts'
import type { Processes } from './processes.ts'

export interface ProxyPeer {
  readonly name: string
  readonly port: number | undefined
  readonly pid: number | undefined
}

const PEERS = join(import.meta.dirname, '../peers')

/** tinyproxy and squid of Debian, and proxy-chain; those that are not there are named on standard error. */
export async function startPeers(
  processes: Processes,
  dir: string,
  connectPorts: readonly number[],
): Promise<ProxyPeer[]> {
  const starts = [startTinyproxy, startSquid, startProxyChain]
  const peers: ProxyPeer[] = []
  for (const start of starts) {
    const peer = await start(processes, dir, connectPorts)
    if (peer !== undefined) peers.push(peer)
  }
  return peers
}

async function startTinyproxy(
  processes: Processes,
  dir: string,
  connectPorts: readonly number[],
): Promise<ProxyPeer | undefined> {
  const program = find('tinyproxy')
  if (program === undefined) return undefined
  const port = await freePort()
  const config = join(dir, 'tinyproxy.conf')
  await writeFile(
    config,
    [
      ...[`Port ${port}`, 'Listen 127.0.0.1', 'Allow 127.0.0.1', 'MaxClients 200', 'LogLevel Critical'],
      ...[`LogFile "${join(dir, 'tinyproxy.log')}"`, ...connectPorts.map((one) => `ConnectPort ${one}`), ''],
    ].join('\n'),
  )
  return up('tinyproxy', port, processes.start(program, ['-d', '-c', config]).pid)
}

async function startSquid(
  processes: Processes,
  dir: string,
  connectPorts: readonly number[],
): Promise<ProxyPeer | undefined> {
  const program = find('squid')
  if (program === undefined) return undefined
  const port = await freePort()
  const config = join(dir, 'squid.conf')
  // It may not stay root, and has to reach its folder.
  await chmod(dir, 0o777)
  await writeFile(
    config,
    [
      ...[`http_port 127.0.0.1:${port}`, 'cache deny all', 'access_log none', 'cache_log /dev/null'],
      ...['cache_store_log none', `pid_filename ${join(dir, 'squid.pid')}`, `coredump_dir ${dir}`],
      ...['shutdown_lifetime 0 seconds', 'visible_hostname bench', 'workers 1', 'pinger_enable off'],
      ...[`acl connect_ports port ${connectPorts.join(' ')}`, 'acl CONNECT method CONNECT'],
      ...['http_access deny CONNECT !connect_ports', 'http_access allow all', ''],
    ].join('\n'),
  )
  return up('squid', port, processes.start(program, ['-N', '-f', config]).pid)
}

async function startProxyChain(processes: Processes): Promise<ProxyPeer> {
  if (!existsSync(join(PEERS, 'node_modules/proxy-chain'))) {
    console.error('Installing the peers into bench/peers …')
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS })
  }
  const port = await freePort()
  const program = join(import.meta.dirname, 'proxy-chain-under-test.js')
  return up('proxy-chain', port, processes.start(process.execPath, [program, String(port)]).pid)
}

async function up(name: string, port: number, pid: number | undefined): Promise<ProxyPeer> {
  if (!(await waitUntil(() => accepts('127.0.0.1', port), 20_000))) throw new Error(`${name} did not start.`)
  return { name, port, pid }
}

function find(name: string): string | undefined {
  const found = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
  if (found === undefined)
    console.error(`${name} is not on this machine, so it is left out: install the package ${name}.`)
  return found
}
