import { dirname } from 'node:path'
import { quoteUnitCommand, quoteUnitWord } from '../node/unit-words.ts'
import { serviceEnvironment, unwantedVariables } from './environment.ts'
import { type OllamaService, OWN_MARK, type ServiceFile } from './service.ts'

export const OWN_UNIT = 'sovereign-ollama.service'
/** What Ollama's own installer writes. */
export const STOCK_UNIT = 'ollama.service'
/** Drop-ins are read by name, so that this one has the last word. */
export const DROP_IN = `/etc/systemd/system/${STOCK_UNIT}.d/zz-sovereign-bridge.conf`
export const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
]

/** A unit of our own, for a machine that has none. */
export function ownUnit(service: OllamaService): ServiceFile {
  const content = `# ${OWN_MARK}
[Unit]
Description=Ollama, bound to one address
Documentation=https://docs.ollama.com/
Wants=network-online.target
After=network-online.target
${LIMITED_RESTARTS}
[Service]
Type=exec
ExecStart=${quoteUnitCommand([service.binary, 'serve'])}
${serviceLines(service)}
[Install]
WantedBy=multi-user.target
`
  return { path: `/etc/systemd/system/${OWN_UNIT}`, content, mode: 0o644 }
}

/** Changes the unit of Ollama's installer without touching it, so that the next update of Ollama loses nothing. */
export function stockDropIn(service: OllamaService): ServiceFile {
  const content = `# ${OWN_MARK}
[Unit]
${LIMITED_RESTARTS}
[Service]
# Variables of a file would win over those below.
EnvironmentFile=
${serviceLines(service)}`
  return { path: DROP_IN, content, mode: 0o644 }
}

/** An address of a VPN may come late; after a quarter of an hour somebody has to look. */
const LIMITED_RESTARTS = `StartLimitIntervalSec=1h
StartLimitBurst=100
`

function serviceLines(service: OllamaService): string {
  const { deviceHelper, home, models, user } = service
  const environment = Object.entries(serviceEnvironment(service)).map(
    ([name, value]) => `Environment=${quoteUnitWord(`${name}=${value}`)}`,
  )
  const writable = [...new Set([home, models])]
  return `${deviceHelper === undefined ? '' : `ExecStartPre=-+${quoteUnitCommand([deviceHelper, '-c0', '-u'])}\n`}User=${user}
Group=${user}
${environment.join('\n')}
UnsetEnvironment=${unwantedVariables(service).join(' ')}
WorkingDirectory=${quoteUnitWord(home)}
Restart=always
RestartSec=10
TimeoutStopSec=30
StandardOutput=journal
StandardError=journal
SyslogIdentifier=ollama
LogRateLimitIntervalSec=30s
LogRateLimitBurst=2000
UMask=0077
LimitCORE=0
LimitNOFILE=65536
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
${isUnderHome(writable) ? '# Models below /home have to stay within reach.\nProtectHome=no' : 'ProtectHome=yes'}
ReadWritePaths=${writable.map(quoteUnitWord).join(' ')}
PrivateTmp=yes
ProtectHostname=yes
ProtectClock=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
# Graphics cards are devices and their drivers make code as they go: no PrivateDevices, no MemoryDenyWriteExecute.
`
}

function isUnderHome(paths: readonly string[]): boolean {
  return paths.some((path) => /^\/(?:home|root|run\/user)\//.test(`${dirname(path)}/`))
}
