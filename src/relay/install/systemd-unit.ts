import { dirname } from 'node:path'
import { quoteUnitCommand, quoteUnitWord } from '../../node/unit-words.ts'
import type { RelayService } from './service.ts'

export const UNIT_NAME = 'sovereign-relay.service'

/** A systemd user unit that may write to its own two folders and nowhere else. */
export function systemdUnit({ command, configPath, dataDir, env }: RelayService): string {
  const environment = Object.entries({ ...env, CONFIG_PATH: configPath }).map(
    ([name, value]) => `Environment=${quoteUnitWord(`${name}=${value}`)}\n`,
  )
  const writable = [...new Set([dirname(configPath), dataDir])]
  return `[Unit]
Description=Sovereign Bridge relay
Documentation=man:systemd.service(5)
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${quoteUnitCommand(command)}
${environment.join('')}# One heap for all of Node's threads: 3 MiB less, and no slower where one thread does the work (mallopt(3)).
Environment=MALLOC_ARENA_MAX=1
Restart=on-failure
RestartSec=2
# SIGTERM lets running answers finish.
TimeoutStopSec=30
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=${writable.map(quoteUnitWord).join(' ')}
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`
}
