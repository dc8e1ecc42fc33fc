import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { endWithThis } from './end-with-this.ts'
import { createNetworkNamespace, type NetworkNamespace, NO_NAMESPACES } from './network-namespace.ts'

const has = (program: string): boolean => {
  try {
    execFileSync('which', [program])
    return true
  } catch {
    return false
  }
}
/** Why no real VPN can be made here; undefined when one can. */
export const NO_VPN =
  NO_NAMESPACES ?? (has('wireguard-go') && has('wg') ? undefined : 'wireguard-go and wg are not installed')

type Teardown = (close: () => Promise<void>) => void

const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' })
const key = (): { readonly secret: string; readonly open: string } => {
  const secret = execFileSync('wg', ['genkey'], { encoding: 'utf8' }).trim()
  return { secret, open: execFileSync('wg', ['pubkey'], { input: secret, encoding: 'utf8' }).trim() }
}

export interface TestVpn {
  /** Of the model server, which only the VPN reaches. */
  readonly server: string
  readonly device: string
  readonly namespace: NetworkNamespace
  /** From now on the far end drops what is for Ollama. */
  closeFirewall(): void
}

/** A tunnel of WireGuard from this machine into a namespace, with an address at either end. */
export async function startVpn(teardown: Teardown, { isAnswered = true } = {}): Promise<TestVpn> {
  const namespace = await createNetworkNamespace(teardown)
  const id = randomInt(1, 16_000)
  const base = `10.${190 + (id >> 8)}.${id & 255}`
  const [device, far] = [`sbvpn${id}`, `sbfar${id}`]
  const [here, there] = [key(), key()]
  const folder = await mkdtemp(join(tmpdir(), 'ollama-vpn-'))
  teardown(() => rm(folder, { recursive: true, force: true }))
  const within = (...args: string[]) => execFileSync('ip', ['netns', 'exec', namespace.name, ...args])
  await run(teardown, [], device)
  await run(teardown, [...namespace.launcher], far)
  const files = { here: join(folder, 'here.conf'), there: join(folder, 'there.conf') }
  const peer = isAnswered ? there.open : key().open
  await writeFile(
    files.here,
    `[Interface]\nPrivateKey = ${here.secret}\n[Peer]\nPublicKey = ${peer}\nEndpoint = ${namespace.address}:51820\nAllowedIPs = ${base}.2/32\n`,
  )
  await writeFile(
    files.there,
    `[Interface]\nPrivateKey = ${there.secret}\nListenPort = 51820\n[Peer]\nPublicKey = ${here.open}\nAllowedIPs = ${base}.1/32\n`,
  )
  execFileSync('wg', ['setconf', device, files.here])
  within('wg', 'setconf', far, files.there)
  ip('address', 'add', `${base}.1/32`, 'dev', device)
  ip('link', 'set', device, 'up')
  ip('route', 'add', `${base}.2/32`, 'dev', device)
  within('ip', 'address', 'add', `${base}.2/32`, 'dev', far)
  within('ip', 'link', 'set', far, 'up')
  within('ip', 'route', 'add', `${base}.1/32`, 'dev', far)
  return {
    ...{ server: `${base}.2`, device, namespace },
    closeFirewall: () => {
      const chain = 'add chain inet perimeter in { type filter hook input priority 0; }'
      const rule = 'add rule inet perimeter in tcp dport 11434 drop'
      within('nft', `add table inet perimeter; ${chain}; ${rule}`)
    },
  }
}

/** The tunnel goes with the process that makes it. */
async function run(teardown: Teardown, launcher: readonly string[], device: string): Promise<void> {
  const [program = '', ...args] = [...launcher, 'wireguard-go', '--foreground', device]
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' })
  endWithThis(child)
  teardown(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  const isThere = (): boolean => {
    try {
      execFileSync(
        launcher[0] ?? 'ip',
        [...launcher.slice(1), ...(launcher.length > 0 ? ['ip'] : []), 'link', 'show', device],
        { stdio: 'ignore' },
      )
      return true
    } catch {
      return false
    }
  }
  await expect.poll(isThere, { timeout: 10_000 }).toBe(true)
}
