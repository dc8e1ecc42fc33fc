import { AppError } from '../../../shared/errors/app-error.ts'
import type { SshLink } from '../../ssh/link.ts'
import { runScript } from './run-script.ts'

/** What a host has that a relay needs. */
export interface HostFacts {
  /** As `uname -s` and `uname -m` say it, such as `Linux` and `x86_64`. */
  readonly system: string
  readonly machine: string
  readonly home: string
  /** The newest Node that was found, with its path. */
  readonly node: { readonly path: string; readonly version: string } | undefined
  /** `systemd` and `launchd` start the relay again after a restart of the host. */
  readonly manager: 'systemd' | 'launchd' | 'none'
  readonly hasDocker: boolean
  /** Of the file system with the home folder; undefined where `df` does not say. */
  readonly freeBytes: number | undefined
  readonly canWriteHome: boolean
}

/** Node versions that run the relay: its database and its bundle need them. */
export const LEAST_NODE = 24
/** The bundle, a Node of our own and some months of usage. */
export const LEAST_FREE_BYTES = 200 * 1024 * 1024

/** Prints one `key=value` a line. Login shells of package managers put Node into odd places. */
const LOOK = `
echo "system=$(uname -s)"
echo "machine=$(uname -m)"
echo "home=$HOME"
best=; bestv=0
for n in "$(command -v node 2>/dev/null)" "$HOME/.local/share/sovereign/bin/node" "$HOME"/.nvm/versions/node/*/bin/node \\
  "$HOME"/.local/share/mise/installs/node/*/bin/node "$HOME"/.volta/bin/node /usr/local/bin/node /opt/homebrew/bin/node; do
  [ -x "$n" ] || continue
  v=$("$n" -p 'process.versions.node' 2>/dev/null) || continue
  major=\${v%%.*}
  [ "$major" -gt "$bestv" ] 2>/dev/null && { best=$n; bestv=$major; echo "node=$n"; echo "node_version=$v"; }
done
if [ "$(uname -s)" = Darwin ]; then echo manager=launchd
elif systemctl --user show-environment >/dev/null 2>&1; then echo manager=systemd
else echo manager=none; fi
docker info >/dev/null 2>&1 && echo docker=yes
echo "free=$(df -Pk "$HOME" 2>/dev/null | awk 'NR==2 {print $4}')"
[ -w "$HOME" ] && echo writable=yes
exit 0
`

/** @throws AppError `job.unexpected-answer` for a login that runs no commands. */
export async function lookAt(link: SshLink, place: string, signal: AbortSignal): Promise<HostFacts> {
  const { stdout } = await runScript(link, place, LOOK, { signal })
  const found = new Map<string, string>()
  for (const line of stdout.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) found.set(line.slice(0, at), line.slice(at + 1).trim())
  }
  const system = found.get('system') ?? ''
  const home = found.get('home') ?? ''
  if (system === '' || !home.startsWith('/'))
    throw new AppError('job.unexpected-answer', `${place} runs no commands for this login.`, {
      remedy: 'Use a login with a shell such as sh or bash.',
    })
  const path = found.get('node')
  const version = found.get('node_version')
  const manager = found.get('manager')
  const freeKilobytes = Number.parseInt(found.get('free') ?? '', 10)
  return {
    system,
    machine: found.get('machine') ?? '',
    home,
    node: path === undefined || version === undefined ? undefined : { path, version },
    manager: manager === 'systemd' || manager === 'launchd' ? manager : 'none',
    hasDocker: found.get('docker') === 'yes',
    freeBytes: Number.isNaN(freeKilobytes) ? undefined : freeKilobytes * 1024,
    canWriteHome: found.get('writable') === 'yes',
  }
}

/** Whether the Node of the host runs the relay. */
export function hasNode({ node }: HostFacts): boolean {
  return node !== undefined && Number(node.version.split('.')[0]) >= LEAST_NODE
}

/** `linux-x64` and so on, as Node calls it; undefined where there is no build of Node for it. */
export function nodePlatform({ system, machine }: HostFacts): string | undefined {
  const os = { Linux: 'linux', Darwin: 'darwin' }[system]
  const arch = { x86_64: 'x64', amd64: 'x64', aarch64: 'arm64', arm64: 'arm64' }[machine]
  return os === undefined || arch === undefined ? undefined : `${os}-${arch}`
}

/** `Linux x86_64, Node 24.21.0, systemd`. */
export function describeFacts({ system, machine, node, manager, hasDocker }: HostFacts): string {
  return [
    `${system} ${machine}`,
    node === undefined ? 'no Node' : `Node ${node.version}`,
    manager === 'none' ? 'no service manager for users' : manager,
    ...(hasDocker ? ['Docker'] : []),
  ].join(', ')
}
