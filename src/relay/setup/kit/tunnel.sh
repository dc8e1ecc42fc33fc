#!/usr/bin/env bash
# Inside a container: brings the tunnel that ends on the host's loopback in over SSH. Needs bash and ssh.
{
set -u

# Filled in by the relay: the port of the host that this file came through.
HOST_PORT=8080
#@settings

usage() {
  cat <<'USAGE'
Usage: tunnel.sh run|start|stop|status [user@]host [options] [-- ssh options]

  run      in the foreground, reconnecting until it is stopped
  start    in the background; comes back when the tunnel carries data
  stop     ends the one in the background
  status   says whether it runs and whether the relay answers

  --port PORT        port to listen on in this container (default: the host's port)
  --host-port PORT   port of the tunnel on the host (default: the one this file came through)

host defaults to host.docker.internal where that name exists, else to the gateway of this container.
The host has to run an SSH server that knows a key of this container.

Ways without this script: start the container with --network host and use the host's address as it is. A port
published with -p goes the other way, from the host into the container, and does not help.
USAGE
}

fail() {
  printf 'tunnel: %s\n' "$*" >&2
  exit 1
}

misuse() {
  printf 'tunnel: %s\n\n' "$*" >&2
  usage >&2
  exit 2
}

is_port() { [[ $1 =~ ^[0-9]{1,5}$ ]] && [ "$((10#$1))" -ge 1 ] && [ "$((10#$1))" -le 65535 ]; }

parse_arguments() {
  ACTION=${1:-}
  case $ACTION in
    run | start | stop | status) shift ;;
    -h | --help) usage; exit 0 ;;
    '') misuse 'say what to do: run, start, stop or status' ;;
    *) misuse "unknown command: $ACTION" ;;
  esac
  TARGET='' PORT='' SSH_OPTIONS=(-T)
  while [ $# -gt 0 ]; do
    case $1 in
      --port | --host-port)
        [ $# -ge 2 ] && is_port "$2" || misuse "$1 needs a port between 1 and 65535"
        if [ "$1" = --port ]; then PORT=$2; else HOST_PORT=$2; fi
        shift
        ;;
      --) shift; SSH_OPTIONS+=("$@"); break ;;
      -*) misuse "unknown option: $1; options of ssh stand behind --" ;;
      *) TARGET=$1 ;;
    esac
    shift
  done
  PORT=${PORT:-$HOST_PORT}
  STATE=${XDG_STATE_HOME:-$HOME/.local/state}/sovereign
  PID_FILE=$STATE/tunnel-$PORT.pid
  LOG=$STATE/tunnel-$PORT.log
}

# The default route of this container, from the kernel's table (little-endian hex).
gateway() {
  local interface destination hex rest
  while read -r interface destination hex rest; do
    [ "$destination" = 00000000 ] || continue
    printf '%d.%d.%d.%d' "0x${hex:6:2}" "0x${hex:4:2}" "0x${hex:2:2}" "0x${hex:0:2}"
    return 0
  done </proc/net/route
  return 1
}

find_target() {
  [ -z "$TARGET" ] || return 0
  if grep -qs 'host\.docker\.internal' /etc/hosts; then
    TARGET=host.docker.internal
  else
    TARGET=$(gateway 2>/dev/null) || fail 'name the host: tunnel.sh start user@host'
  fi
}

# Whether a relay answers on our end, asked in plain HTTP by bash itself.
answers() {
  local line
  { exec 3<>"/dev/tcp/127.0.0.1/$PORT"; } 2>/dev/null || return 1
  printf 'GET /health HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$PORT" >&3
  IFS= read -r -t 5 line <&3 || line=''
  exec 3>&-
  case $line in 'HTTP/1.'?' 200'*) return 0 ;; *) return 1 ;; esac
}

# Reconnects with growing pauses; a connection that lived for a minute starts the pauses anew.
run() {
  local pause=1 began ssh_pid=''
  find_target
  trap '[ -z "$ssh_pid" ] || kill "$ssh_pid" 2>/dev/null; exit 0' TERM INT HUP
  while :; do
    began=$SECONDS
    ssh -N -L "127.0.0.1:$PORT:127.0.0.1:$HOST_PORT" -o ExitOnForwardFailure=yes -o ServerAliveInterval=15 \
      -o ServerAliveCountMax=2 -o ConnectTimeout=15 "${SSH_OPTIONS[@]}" "$TARGET" &
    ssh_pid=$!
    wait "$ssh_pid"
    ssh_pid=''
    if [ $((SECONDS - began)) -ge 60 ]; then pause=1; fi
    printf 'tunnel: connection to %s ended; next try in %s s\n' "$TARGET" "$pause" >&2
    sleep "$pause" &
    ssh_pid=$!
    wait "$ssh_pid"
    ssh_pid=''
    pause=$((pause < 15 ? pause * 2 : 30))
  done
}

# The process of our background tunnel; a pid that was given to another program since then does not count.
running_pid() {
  local pid
  [ -s "$PID_FILE" ] || return 1
  pid=$(cat "$PID_FILE")
  [[ $pid =~ ^[0-9]+$ ]] && kill -0 "$pid" 2>/dev/null || return 1
  if [ -r "/proc/$pid/cmdline" ]; then
    case $(tr '\0' ' ' <"/proc/$pid/cmdline") in *bash*) ;; *) return 1 ;; esac
  fi
  printf '%s' "$pid"
}

start() {
  local pid tries=0
  if pid=$(running_pid); then fail "already running (process $pid)"; fi
  find_target
  mkdir -p "$STATE" || fail "cannot write to $STATE"
  # Nobody is there to answer a question in the background.
  SSH_OPTIONS+=(-o BatchMode=yes)
  run </dev/null >"$LOG" 2>&1 &
  pid=$!
  printf '%s\n' "$pid" >"$PID_FILE"
  while [ "$tries" -lt 100 ]; do
    if answers; then
      printf 'tunnel: the relay answers at http://127.0.0.1:%s (process %s)\n' "$PORT" "$pid"
      return 0
    fi
    kill -0 "$pid" 2>/dev/null || break
    # A refused key or an unknown host key will not mend itself.
    if grep -qsE 'Permission denied|Host key verification failed' "$LOG"; then break; fi
    tries=$((tries + 1))
    sleep 0.2
  done
  kill "$pid" 2>/dev/null
  rm -f "$PID_FILE"
  cat "$LOG" >&2
  fail "no answer through $TARGET; try once in the foreground: tunnel.sh run $TARGET"
}

stop() {
  local pid tries=0
  if pid=$(running_pid); then
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
    echo 'tunnel: stopped'
  else
    echo 'tunnel: not running'
  fi
  rm -f "$PID_FILE" "$LOG"
}

status() {
  local pid
  pid=$(running_pid) || { echo 'tunnel: not running'; return 3; }
  if answers; then
    printf 'tunnel: running (process %s), the relay answers at http://127.0.0.1:%s\n' "$pid" "$PORT"
  else
    printf 'tunnel: running (process %s), but the relay does not answer; see %s\n' "$pid" "$LOG"
    return 1
  fi
}

parse_arguments "$@"
[ -n "${HOME:-}" ] || fail 'HOME is not set'
"$ACTION"
exit $?
}
