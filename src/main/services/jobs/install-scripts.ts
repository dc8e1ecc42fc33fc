/**
 * What is run on a host to put a relay there. All of it keeps to sh(1) as POSIX has it; `$1` and so on are the
 * arguments, and a script that ends with a status other than 0 says why in its last line.
 */

/** Where the relay of this login lives. */
const PATHS = `
share="\${XDG_DATA_HOME:-$HOME/.local/share}/sovereign"
config="\${XDG_CONFIG_HOME:-$HOME/.config}"
bin="$share/bin"; data="$share/relay"; bundle="$bin/sovereign.mjs"
pidfile="$data/relay.pid"; starter="$data/start.sh"; configfile="$config/sovereign-relay/config.json"
if [ "$(uname -s)" = Darwin ]; then unit="$HOME/Library/LaunchAgents/io.sovereign-bridge.relay.plist"
else unit="$config/systemd/user/sovereign-relay.service"; fi
`

/** The process that \`start.sh\` has started, as long as it is that one. */
const RUNNING = `
running() {
  pid=$(cat "$pidfile" 2>/dev/null) || return 1
  case "$(ps -o args= -p "\${pid:-0}" 2>/dev/null)" in *sovereign.mjs*) return 0 ;; esac
  return 1
}
stop_own() {
  running || { rm -f "$pidfile"; return 0; }
  kill "$pid"
  i=0; while running && [ $i -lt 100 ]; do i=$((i + 1)); sleep 0.1; done
  running && kill -KILL "$pid"
  rm -f "$pidfile"
}
`

/** Prints where things are and what is there of an earlier installation. */
export const FIND_INSTALLED = `${PATHS}${RUNNING}
echo "bin=$bin"; echo "data=$data"
[ -e "$bundle" ] && echo bundle=yes
[ -e "$unit" ] && echo unit=yes
[ -e "$data" ] && echo used=yes
running && echo running=yes
exit 0
`

/** Where a file is until it is known to be whole; its ending stays, because Node goes by it. */
export function newPath(path: string): string {
  return path.replace(/[^/]+$/, 'new-$&')
}

/** Standard input becomes the file; what was there before stays until it is known to be whole. */
export function receiveCommand(path: string, quote: (text: string) => string): string {
  const script =
    'umask 077; d=$(dirname "$1"); rm -f "$1.old"; [ ! -e "$1" ] || echo was=there; mkdir -p "$d" && gzip -dc > "$d/new-$(basename "$1")"'
  return `sh -c ${quote(script)} sh ${quote(path)}`
}

/** Arguments: the path, its SHA-256, and a command that proves that the file works. */
export const PUT_IN_PLACE = `
path=$1; new="\${1%/*}/new-\${1##*/}"; expected=$2; shift 2
sum=$( (sha256sum "$new" || shasum -a 256 "$new" || openssl dgst -sha256 -r "$new") 2>/dev/null | cut -c1-64)
[ "$sum" = "$expected" ] || { echo "the copy has another checksum than the original" >&2; exit 1; }
chmod 755 "$new"
"$@" </dev/null >/dev/null || { echo "$path does not run on this machine" >&2; exit 1; }
rm -f "$path.old"
[ ! -e "$path" ] || ln "$path" "$path.old" || cp -p "$path" "$path.old" || exit 1
mv -f "$new" "$path"
`

/** Arguments: the path, and `there` when it was there before. */
export const TAKE_BACK = `
path=$1; new="\${1%/*}/new-\${1##*/}"
rm -f "$new"
if [ -e "$path.old" ]; then mv -f "$path.old" "$path"; elif [ "$2" != there ]; then rm -f "$path"; fi
rmdir "$(dirname "$path")" "$(dirname "$(dirname "$path")")" 2>/dev/null
exit 0
`

/** What is not needed any more once the new relay answers. */
export const FORGET_OLD = `${PATHS}
rm -f "$bundle.old" "$bin/node.old" "$unit.old" "$starter.old"; exit 0`

/** Prints \`made=yes\` when there was no configuration. */
export const CONFIGURE = `${PATHS}
[ -e "$configfile" ] && exit 0
umask 077
mkdir -p "$(dirname "$configfile")" && printf '{}\\n' > "$configfile" && echo made=yes
`

export const REMOVE_CONFIG = `${PATHS}
# Somebody may have signed in meanwhile: that is not ours to throw away.
[ "$(cat "$configfile" 2>/dev/null)" = '{}' ] && rm -f "$configfile"
rmdir "$(dirname "$configfile")" 2>/dev/null
exit 0
`

/** Arguments: the program, the port, and who starts it again. */
export const START = `${PATHS}${RUNNING}
node=$1; port=$2; manager=$3
rm -f "$unit.old" "$starter.old"
[ ! -e "$unit" ] || cp -p "$unit" "$unit.old"
[ ! -e "$starter" ] || cp -p "$starter" "$starter.old"
stop_own
if [ "$manager" != none ]; then
  rm -f "$starter"
  "$node" "$bundle" relay install --port "$port" </dev/null || exit 1
  [ "$manager" = systemd ] || exit 0
  [ "$(loginctl show-user "$(id -un)" -p Linger --value 2>/dev/null)" = yes ] && exit 0
  if loginctl --no-ask-password enable-linger </dev/null >/dev/null 2>&1; then echo linger=made
  else echo linger=no; fi
  exit 0
fi
umask 077
mkdir -p "$data"
cat > "$starter" <<END
#!/bin/sh
# Starts the relay, for example after this machine was restarted.
export SOVEREIGN_DATA_DIR='$data' CONFIG_PATH='$configfile'
nohup '$node' '$bundle' relay --port $port >> '$data/relay.log' 2>&1 < /dev/null &
echo \\$! > '$pidfile'
END
chmod 700 "$starter"
"$starter"
`

/**
 * Stops what START has started, and puts the service file of before back without starting it. Arguments: who
 * starts it, what was done about lingering, and whether a data folder and a relay were there before.
 */
export const STOP = `${PATHS}${RUNNING}
manager=$1; linger=$2; was=$3; installed=$4
# Nothing was replaced yet: what runs is still the one of before.
[ "$installed" != yes ] || [ -e "$unit.old" ] || [ -e "$starter.old" ] || exit 0
stop_own
rm -f "$starter"
[ ! -e "$starter.old" ] || mv -f "$starter.old" "$starter"
# Not by the program itself: it may be what does not work.
if [ "$manager" != none ] && [ -e "$unit" ]; then
  if [ "$manager" = systemd ]; then systemctl --user disable --now sovereign-relay.service
  else launchctl bootout "gui/$(id -u)/io.sovereign-bridge.relay"; fi </dev/null >/dev/null 2>&1
  rm -f "$unit"
  [ ! -e "$unit.old" ] || mv -f "$unit.old" "$unit"
  [ "$manager" != systemd ] || systemctl --user daemon-reload </dev/null >/dev/null 2>&1
fi
[ "$linger" != made ] || loginctl --no-ask-password disable-linger </dev/null >/dev/null 2>&1
[ "$was" = there ] || rm -rf "$data"
rmdir "$share" 2>/dev/null
exit 0
`

/** The relay of before, with its own files in place again. Argument: who starts it. */
export const START_AGAIN = `${PATHS}${RUNNING}
case "$1" in
  none) running || [ ! -x "$starter" ] || "$starter" ;;
  systemd) systemctl --user daemon-reload && systemctl --user enable --now sovereign-relay.service ;;
  launchd) launchctl bootstrap "gui/$(id -u)" "$unit" ;;
esac </dev/null
exit 0
`

/** What the relay has said last. Argument: who started it. */
export const LAST_LOG = `${PATHS}
if [ "$1" = systemd ]; then journalctl --user -u sovereign-relay.service -n 3 -o cat --no-pager </dev/null 2>/dev/null
else tail -n 3 "$data/relay.log" 2>/dev/null; fi
exit 0
`
