/** Where a change lies on the machine that it is for, until it is confirmed and afterwards. */
export const APPLY_FOLDER = '/etc/sovereign/apply'

/**
 * Puts a change in place on a router and takes it back by itself unless somebody confirms it in time, also when the
 * router loses its power in between. Plain POSIX sh, for OpenWrt's BusyBox as well; it is copied there with the change.
 *
 *   state             what there is, one key=value a line
 *   put               takes a tar from standard input as the next change
 *   go SECONDS ID     begins, and comes back at once: the change may cut the very connection that it was asked over
 *   confirm ID        keeps the change
 *   undo ID           takes it back now
 *   remove            takes away what was applied, down to what was there before the first change
 *   evidence was|is   what the policy in force looked like when it was confirmed, or looks like now
 *   boot              what the machine runs at its start, before the network: an unconfirmed change is gone
 *
 * Folders: next/ (the change: files/, list, touches, activate, deactivate, settle, evidence, id), before/ (what it replaces),
 * applied/ (the last confirmed change), original/ (what was there before the first one).
 */
export const KEEPER = String.raw`
set -eu
umask 022
D=$\{SOVEREIGN_APPLY:-/etc/sovereign/apply}
BOOT=sovereign-undo
# Forgotten when the machine starts, as are the processes that it names.
HOLD=/var/run/sovereign-apply
# What was begun is finished, also when the connection that it was asked over ends.
trap '' HUP

fail() { printf 'error=%s\n' "$*"; exit 1; }
# A clock may be set at any time, above all that of a router that has just found the internet.
now() { cut -d. -f1 /proc/uptime 2>/dev/null || date +%s; }

# Whoever makes this link first may change next/; that of a process that is gone counts no more.
hold() {
  if ln -s $$ "$HOLD" 2>/dev/null; then return 0; fi
  if kill -0 "$(readlink "$HOLD")" 2>/dev/null; then return 1; fi
  rm -f "$HOLD"
  ln -s $$ "$HOLD" 2>/dev/null
}

# Each line of the lists is an absolute path of letters, digits, dots, dashes, at signs and slashes.
paths() { cat "$@" 2>/dev/null | sort -u; }

save() { # FOLDER: keeps what is there now of every path on standard input
  mkdir -p "$1/files"
  : > "$1/absent"
  while read -r p; do
    if [ -e "$p" ]; then
      mkdir -p "$1/files$(dirname "$p")"
      cp -p "$p" "$1/files$p"
    else
      printf '%s\n' "$p" >> "$1/absent"
    fi
  done
  for s in net/ipv4/ip_forward net/ipv6/conf/all/forwarding; do
    if [ -r "/proc/sys/$s" ]; then printf '%s %s\n' "$s" "$(cat "/proc/sys/$s")"; fi
  done > "$1/sysctl"
}

stop_unit() { # PATH of a file that goes away: what it started ends before it does
  command -v systemctl >/dev/null 2>&1 || return 0
  case $1 in
    /etc/systemd/system/*.service) systemctl disable --now "$(basename "$1")" || true ;;
    /etc/wireguard/*.conf) systemctl disable --now "wg-quick@$(basename "$1" .conf).service" || true ;;
  esac
}

put_back() { # FOLDER
  # Makes room first. Where there is none all the same, a file is written over.
  while read -r p; do rm -f "$p" "$p.sovereign"; done < "$1/absent"
  (cd "$1/files" && find . -type f | sed 's/^\.//') | while read -r p; do
    mkdir -p "$(dirname "$p")" || true
    if cp -p "$1/files$p" "$p.sovereign" && mv "$p.sovereign" "$p"; then continue; fi
    rm -f "$p.sovereign"
    cp -p "$1/files$p" "$p" || echo "sovereign: $p is not as it was"
  done
}

sysctls() { # FOLDER
  while read -r s v; do
    [ -w "/proc/sys/$s" ] && printf '%s\n' "$v" > "/proc/sys/$s" || true
  done < "$1/sysctl"
}

guard() { # on or off: what runs at the next start of the machine
  if [ -f /etc/openwrt_release ]; then
    if [ "$1" = on ]; then
      printf '#!/bin/sh /etc/rc.common\nSTART=01\nboot() { sh %s/keeper boot; }\nstart() { boot; }\n' "$D" > /etc/init.d/$BOOT
      chmod 755 /etc/init.d/$BOOT
      ln -sf ../init.d/$BOOT /etc/rc.d/S01$BOOT
    else
      rm -f /etc/rc.d/S01$BOOT /etc/init.d/$BOOT
    fi
  elif [ -d /Library/LaunchDaemons ]; then
    P=/Library/LaunchDaemons/$BOOT.plist
    if [ "$1" = on ]; then
      printf '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><dict><key>Label</key><string>%s</string><key>ProgramArguments</key><array><string>/bin/sh</string><string>%s/keeper</string><string>boot</string></array><key>RunAtLoad</key><true/></dict></plist>\n' "$BOOT" "$D" > $P
    else
      rm -f $P
    fi
  elif command -v systemctl >/dev/null 2>&1; then
    U=/etc/systemd/system
    if [ "$1" = on ]; then
      mkdir -p $U/sysinit.target.wants
      printf '[Unit]\nDescription=Takes back a change of the perimeter that nobody confirmed\nDefaultDependencies=no\nAfter=local-fs.target\nBefore=network-pre.target sovereign-router-firewall.service sysinit.target\nWants=network-pre.target\n\n[Service]\nType=oneshot\nExecStart=/bin/sh %s/keeper boot\nExecStartPost=/usr/bin/systemctl daemon-reload\n' "$D" > $U/$BOOT.service
      ln -sf ../$BOOT.service $U/sysinit.target.wants/$BOOT.service
    else
      rm -f $U/sysinit.target.wants/$BOOT.service $U/$BOOT.service
    fi
  fi
}

# Whoever makes this folder first decides: the one who confirms, or the end of the time.
decide() { mkdir "$D/decided" 2>/dev/null; }

take_back() { # RESULT
  if [ -f "$D/applied/activate" ]; then
    # The policy that stood is loaded over the new one, with nothing open in between.
    while read -r p; do stop_unit "$p"; done < "$D/before/absent"
    put_back "$D/before"
    sh "$D/applied/activate" || true
    sysctls "$D/before"
  else
    # What forwards nothing needs no policy.
    sysctls "$D/before"
    sh "$D/next/deactivate" || true
    put_back "$D/before"
    sh "$D/next/settle" || true
    # A firewall that ends takes the forwarding with it, also where the machine forwarded before.
    sysctls "$D/before"
  fi
  finish "$1"
}

finish() { # RESULT
  guard off
  # On a disk that is full there is room for the word only afterwards.
  rm -rf "$D/next" "$D/before"
  printf '%s' "$1" > "$D/result" || true
  rm -rf "$D/pending" "$D/decided"
  # The next change that is tried first may find another machine.
  if [ ! -f "$D/applied/id" ]; then rm -rf "$D/original"; fi
}

place() {
  # What the change no longer has.
  paths "$D/applied/list" | while read -r p; do
    if ! grep -qxF "$p" "$D/next/list"; then stop_unit "$p"; rm -f "$p"; fi
  done
  while read -r p; do
    mkdir -p "$(dirname "$p")"
    # One by one: "&&" would go on with the next file after a disk that is full.
    cp -p "$D/next/files$p" "$p.sovereign"
    mv "$p.sovereign" "$p"
  done < "$D/next/list"
  sh "$D/next/activate"
}

begin() { # SECONDS ID; runs by itself, in a session of its own
  if ! hold; then return; fi
  if ! sh "$D/keeper" save || ! printf '%s %s\n' "$2" "$(($(now) + $1))" > "$D/pending.new"; then
    tail -n 20 "$D/log" > "$D/failure" || true
    rm -rf "$D/next" "$D/before" "$D/pending.new"
    printf 'failed' > "$D/result"
    rm -f "$HOLD"
    return
  fi
  mv "$D/pending.new" "$D/pending"
  rm -f "$HOLD"
  guard on
  sync
  # In a process of its own: whatever fails in it ends it, and not this one.
  if ! sh "$D/keeper" place; then
    printf 'failed' > "$D/activated"
    # What taking it back says is another matter.
    tail -n 20 "$D/log" > "$D/failure"
    if decide; then take_back failed; fi
    return
  fi
  printf 'ok' > "$D/activated"
  # Counted and not read from a clock, which may be set meanwhile.
  left=$1
  while [ "$left" -gt 0 ]; do
    if [ -d "$D/decided" ]; then return; fi
    sleep 1
    left=$((left - 1))
  done
  if decide; then take_back expired; fi
}

is_pending() { [ -f "$D/pending" ] && [ "$(cut -d' ' -f1 "$D/pending")" = "$1" ]; }

case $1 in
state)
  printf 'now=%s\n' "$(now)"
  if [ -f "$D/pending" ]; then
    read -r id end < "$D/pending"
    printf 'pending=%s\nends=%s\n' "$id" "$end"
    if [ -f "$D/activated" ]; then printf 'activated=%s\n' "$(cat "$D/activated")"; fi
  fi
  if [ -f "$D/result" ]; then printf 'result=%s\n' "$(cat "$D/result")"; fi
  if [ -f "$D/applied/id" ]; then printf 'applied=%s\n' "$(cat "$D/applied/id")"; fi
  if [ -f "$D/failure" ]; then sed 's/^/log=/' "$D/failure"
  elif [ -f "$D/log" ]; then tail -n 5 "$D/log" | sed 's/^/log=/'; fi
  ;;
put)
  hold || fail overtaken
  trap 'rm -f "$HOLD"' EXIT
  if [ -f "$D/pending" ]; then fail pending; fi
  rm -rf "$D/next" "$D/before" "$D/decided" "$D/activated" "$D/result" "$D/log" "$D/failure"
  mkdir -p "$D"
  chmod 700 "$D"
  mkdir -p "$D/next"
  tar -xf - -C "$D/next" || fail tar
  cp "$D/next/keeper" "$D/keeper.new" && mv "$D/keeper.new" "$D/keeper"
  printf 'put=%s\n' "$(cat "$D/next/id")"
  ;;
go)
  if [ -f "$D/pending" ]; then fail pending; fi
  # Somebody else's change may have come between.
  [ "$(cat "$D/next/id" 2>/dev/null)" = "$3" ] || fail overtaken
  if command -v setsid >/dev/null 2>&1; then start=setsid; else start=; fi
  $start sh "$D/keeper" begin "$2" "$3" < /dev/null >> "$D/log" 2>&1 &
  # It is under way once it can no longer be forgotten.
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    if [ -f "$D/pending" ] || [ -f "$D/result" ]; then break; fi
    sleep 1
  done
  [ -f "$D/pending" ] || [ -f "$D/result" ] || fail 'it did not begin'
  printf 'gone=%s\n' "$2"
  ;;
begin) begin "$2" "$3" ;;
place) place ;;
save)
  paths "$D/next/list" "$D/next/touches" "$D/applied/list" | save "$D/before"
  if [ ! -d "$D/original" ]; then cp -pR "$D/before" "$D/original"; fi
  ;;
confirm)
  is_pending "$2" || fail late
  [ "$(cat "$D/activated" 2>/dev/null)" = ok ] || fail unfinished
  decide || fail late
  rm -rf "$D/applied"
  cp -pR "$D/next" "$D/applied"
  sh "$D/applied/evidence" > "$D/applied/was" 2>&1 || true
  finish confirmed
  printf 'confirmed=%s\n' "$2"
  ;;
undo)
  is_pending "$2" || fail late
  decide || fail late
  # Nobody may be there to read any more, and whatever then has something to say would end.
  take_back undone < /dev/null >> "$D/log" 2>&1
  printf 'undone=%s\n' "$2"
  ;;
remove)
  hold || fail overtaken
  trap 'rm -f "$HOLD"' EXIT
  if [ -f "$D/pending" ]; then fail pending; fi
  [ -f "$D/applied/id" ] || fail nothing
  exec 3>&1 >> "$D/log" 2>&1
  sh "$D/applied/deactivate" || true
  # Files that are the machine's own have changed since for other reasons, so only ours are put back.
  while read -r p; do
    stop_unit "$p"
    if [ -f "$D/original/files$p" ]; then cp -p "$D/original/files$p" "$p"; else rm -f "$p"; fi
  done < "$D/applied/list"
  sh "$D/applied/settle" || true
  sysctls "$D/original"
  rm -rf "$D"
  printf 'removed=yes\n' >&3
  ;;
evidence)
  if [ ! -f "$D/applied/id" ]; then fail nothing; fi
  if [ "$2" = was ]; then cat "$D/applied/was"; else sh "$D/applied/evidence" 2>&1 || true; fi
  ;;
boot)
  if [ ! -f "$D/pending" ]; then exit 0; fi
  if [ -d /Library/LaunchDaemons ]; then
    # launchd starts everything at once, so what the change began may be there already.
    take_back rebooted
  else
    put_back "$D/before"
    finish rebooted
  fi
  ;;
*) fail usage ;;
esac
`.replaceAll('$\\{', '${')
