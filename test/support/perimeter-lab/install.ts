import type { Rendering } from '../../../src/perimeter/render/rendering.ts'
import { type Host, SHIMS } from './world.ts'

/**
 * Stands in for systemd where there is none: it runs what a unit says when it is started. Nothing is stopped before
 * it is started again, because the VLAN that a unit would delete is a cable here.
 */
const SYSTEMCTL = `#!/bin/sh
set -eu
command="$1"; shift
unit=""
for word; do case "$word" in -*) ;; *) unit="$word" ;; esac; done
case "$unit" in ""|*.service) ;; *) unit="$unit.service" ;; esac
file="/etc/systemd/system/$unit"
each() {
  sed -n "s/^$1=//p" "$file" | while read -r line; do
    case "$line" in -*) sh -c "\${line#-}" 2>/dev/null || true ;; *) sh -c "$line" ;; esac
  done
}
case "$command" in
  daemon-reload|is-enabled) ;;
  enable) echo "$unit" >> /run/lab-enabled ;;
  is-active)
    case "$unit" in
      wg-quick@*) device="\${unit#wg-quick@}"; wg show "\${device%.service}" > /run/lab-stripped 2>&1 || exit 3 ;;
      *) exit 3 ;;
    esac ;;
  disable|stop)
    case "$unit" in
      wg-quick@*) device="\${unit#wg-quick@}"; wg-quick down "\${device%.service}" ;;
      *) each ExecStop ;;
    esac ;;
  reload)
    case "$unit" in
      wg-quick@*) device="\${unit#wg-quick@}"; device="\${device%.service}"
        own=$(sed -n 's/^ExecReload=//p' "$file.d"/*.conf)
        # An empty line forgets what the package of wg-quick does.
        if ! grep -qx 'ExecReload=' "$file.d"/*.conf; then
          wg-quick strip "$device" > /run/lab-stripped
          wg syncconf "$device" /run/lab-stripped
        fi
        echo "$own" | sed "s/%i/$device/g; s/[$][$]/$/g" | sh -eu ;;
      *) each ExecReload ;;
    esac ;;
  start|restart|reload-or-restart)
    case "$unit" in
      wg-quick@*) device="\${unit#wg-quick@}"; device="\${device%.service}"
        wg-quick down "$device" 2>/dev/null || true
        wg-quick up "$device" ;;
      *) each ExecStart ;;
    esac ;;
  *) echo "systemctl $command is not known in the lab" >&2; exit 1 ;;
esac
`

/** Puts the files of a rendering in their place and runs what makes them count, as its owner would. */
export async function install(host: Host, rendering: Rendering): Promise<void> {
  await write(host, `${SHIMS}/systemctl`, SYSTEMCTL, 0o755)
  for (const { path, content, mode } of rendering.files) await write(host, path, content, mode)
  for (const argv of rendering.activate) {
    const { code, stdout, stderr } = await host.run(argv)
    if (code !== 0) throw new Error(`On "${host.name}": ${argv.join(' ')}\n${stderr || stdout}`)
  }
}

export async function write(host: Host, path: string, content: string, mode: number): Promise<void> {
  const script = 'mkdir -p "$(dirname "$1")" && umask 077 && cat > "$1" && chmod "$2" "$1"'
  const { code, stderr } = await host.run(['sh', '-c', script, 'sh', path, mode.toString(8)], content)
  if (code !== 0) throw new Error(`On "${host.name}": ${stderr}`)
}

/** Replaces the rules of a machine and nothing else; says why where nftables refuses them. */
export async function loadRules(host: Host, text: string): Promise<void> {
  const { code, stderr } = await host.run(['nft', '-f', '-'], text)
  if (code !== 0) throw new Error(`nftables refused the rules of "${host.name}": ${stderr}`)
}
