import { dirname } from 'node:path'
import type { RelayService } from './service.ts'

export const UNIT_NAME = 'sovereign-relay.service'

/** A systemd user unit that may write to its own two folders and nowhere else. */
export function systemdUnit({ command, configPath, dataDir, env }: RelayService): string {
  const environment = Object.entries({ ...env, CONFIG_PATH: configPath }).map(
    ([name, value]) => `Environment=${quoteWord(`${name}=${value}`)}\n`,
  )
  const writable = [...new Set([dirname(configPath), dataDir])]
  return `[Unit]
Description=Sovereign Bridge relay
Documentation=man:systemd.service(5)
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${command.map(quoteCommandWord).join(' ')}
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
ReadWritePaths=${writable.map(quoteWord).join(' ')}
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

/** Quotes for systemd.syntax(7); `%` would start a specifier. */
function quoteWord(word: string): string {
  if (/[\r\n\0]/.test(word)) throw new TypeError('A unit cannot hold a line break.')
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
  return /^[\w/.:=@+%-]+$/.test(escaped) ? escaped : `"${escaped}"`
}

/** In a command line `$` stands for a variable too. */
function quoteCommandWord(word: string): string {
  return quoteWord(word).replaceAll('$', '$$$$')
}
