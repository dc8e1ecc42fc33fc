#!/usr/bin/env bash
# Sets up OpenCode on this machine to reach models through a Sovereign Bridge tunnel. Needs bash, curl and tar.
# The braces around everything make bash read to the end before it runs a line: half a download does nothing.
{
set -u
umask 077

# Filled in by the relay; the copy inside the bundle keeps these values.
BASE='http://127.0.0.1:8080'
TIER=''
DRY_RUN=0
UNINSTALL=0
REFUSED=''
#@settings

WITH_OPENCODE=0
VERIFY=1
VERIFY_CHAT=0
TOKEN=${SOVEREIGN_TOKEN:-}
WORK=''

usage() {
  cat <<'USAGE'
Usage: curl -fsSL http://localhost:8080/setup | bash -s -- [options]

  --dry-run         show what would change, write nothing
  --uninstall       take everything out again that this script put in
  --tier TIER       free, frugal or premium: which models to start with
  --base URL        address of the tunnel, where it is not the one this script came from
  --with-opencode   also install OpenCode from the relay to ~/.local/bin (no internet needed)
  --verify-chat     finish with one tiny chat request; it costs as much as any other request
  --no-verify       do not ask for the model list at the end
  --help            this text

A relay that asks for a token takes it from SOVEREIGN_TOKEN or asks on the terminal.
OPENCODE_CONFIG and XDG_CONFIG_HOME are honoured.

Without internet OpenCode works as it is; these keep it from trying to reach it:
  export OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1 OPENCODE_DISABLE_LSP_DOWNLOAD=1
USAGE
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'sovereign setup: %s\n' "$*" >&2
  exit 1
}
misuse() {
  printf 'sovereign setup: %s\n\n' "$*" >&2
  usage >&2
  exit 2
}

parse_arguments() {
  local name value
  [ -z "$REFUSED" ] || misuse "$REFUSED"
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) DRY_RUN=1 ;;
      --uninstall) UNINSTALL=1 ;;
      --tier | --tier=* | --base | --base=*)
        name=${1%%=*}
        case $1 in *=*) value=${1#*=} ;; *) value=${2:-}; [ $# -lt 2 ] || shift ;; esac
        case $value in '' | -*) misuse "$name needs a value" ;; esac
        if [ "$name" = --tier ]; then TIER=$value; else BASE=${value%/}; fi
        ;;
      --with-opencode) WITH_OPENCODE=1 ;;
      --verify-chat) VERIFY_CHAT=1 ;;
      --no-verify) VERIFY=0 ;;
      -h | --help) usage; exit 0 ;;
      -*) misuse "unknown option: $1" ;;
      *) misuse "this is no option: '$1'" ;;
    esac
    shift
  done
  case $TIER in '' | free | frugal | premium) ;; *) misuse "unknown tier: $TIER; it is free, frugal or premium" ;; esac
  [[ $BASE =~ ^https?://[A-Za-z0-9.:-]+$ || $BASE =~ ^https?://\[[0-9a-fA-F:.]+\](:[0-9]+)?$ ]] ||
    misuse "no address of the form http://host:port: $BASE"
}

check_token() {
  [[ $TOKEN =~ ^[A-Za-z0-9._~+/=-]*$ ]] || fail 'the token holds characters that no token has'
}

# request SECONDS PATH OUTPUT [curl options]: prints the HTTP status. The token goes in through standard input,
# so it is in no process list; ~/.curlrc and proxies are left out, because the tunnel is reached directly.
request() {
  local limit=$1 path=$2 output=$3
  shift 3
  if [ -n "$TOKEN" ]; then printf 'header = "Authorization: Bearer %s"\n' "$TOKEN"; fi |
    curl -q -sS -K - --noproxy '*' --connect-timeout 10 --max-time "$limit" \
      -o "$output" -w '%{http_code}' "$@" "$BASE$path"
}

# The same, asking for the token once when the relay wants one.
request_as_client() {
  STATUS=$(request "$@") || no_answer "$2"
  [ "$STATUS" = 401 ] || return 0
  if [ -n "$TOKEN" ]; then fail 'the relay does not accept this token; ask its owner for a new one'; fi
  ask_token
  STATUS=$(request "$@") || no_answer "$2"
  [ "$STATUS" != 401 ] || fail 'the relay does not accept this token; ask its owner for a new one'
}

no_answer() {
  if [ "$UNINSTALL" = 1 ]; then
    untouched
    fail "it was edited since it was set up, so the relay has to help, and there is no answer from $BASE$1"
  fi
  fail "no answer from $BASE$1"
}

ask_token() {
  if ! { : </dev/tty; } 2>/dev/null; then
    fail 'this relay asks for a token: set SOVEREIGN_TOKEN and run this again'
  fi
  printf 'Token for the relay (from "sovereign relay clients add"): ' >/dev/tty
  IFS= read -rs TOKEN </dev/tty || TOKEN=''
  printf '\n' >/dev/tty
  [ -n "$TOKEN" ] || fail 'no token given'
  check_token
}

check_tunnel() {
  local status
  status=$(request 15 /health "$WORK/health") ||
    fail "nothing answers at $BASE. Is the bridge running, and is the tunnel to this machine up?"
  case $(cat "$WORK/health" 2>/dev/null) in
    *'"status"'*) [ "$status" = 200 ] || fail "the relay at $BASE is not well: /health answered $status" ;;
    *) fail "what answers at $BASE is no relay (HTTP $status)" ;;
  esac
}

find_config() {
  local folder=${XDG_CONFIG_HOME:-$HOME/.config}/opencode
  if [ -n "${OPENCODE_CONFIG:-}" ]; then
    CONFIG=$OPENCODE_CONFIG
  elif [ -e "$folder/opencode.jsonc" ] || [ -L "$folder/opencode.jsonc" ]; then
    CONFIG=$folder/opencode.jsonc
  else
    CONFIG=$folder/opencode.json
  fi
  case $CONFIG in /*) ;; *) CONFIG=$PWD/$CONFIG ;; esac
  use_config "$CONFIG"
}

# Beside the file: what it was before us, what we made of it, and the token.
use_config() {
  CONFIG=$1
  STATE=${CONFIG%/*}/.sovereign
  KEPT=$STATE/${CONFIG##*/}
}

make_state() {
  mkdir -p "$STATE" && chmod 700 "$STATE" && printf '*\n' >"$STATE/.gitignore" || fail "cannot write to $STATE"
}

same() { [ -e "$1" ] && [ -e "$2" ] && [ "$(cat "$1" && printf x)" = "$(cat "$2" && printf x)" ]; }

# Where a file really is: at the end of the links, whether or not there is something yet.
real_path() {
  local path=$1 link count=0
  while [ -L "$path" ]; do
    count=$((count + 1))
    [ "$count" -le 40 ] || fail "$1 is a link that leads round in a circle. Remove it or point it to a file"
    link=$(readlink "$path") || fail "cannot follow the link $path"
    case $link in /*) path=$link ;; *) path=${path%/*}/$link ;; esac
  done
  printf '%s' "$path"
}

# Before anything is asked or written: whether CONFIG is a file that can be changed.
check_config() {
  local real folder
  real=$(real_path "$CONFIG") || exit 1
  if [ -e "$real" ]; then
    [ -f "$real" ] || fail "$real is no file. Move it away, or name another one in OPENCODE_CONFIG"
    [ -r "$real" ] || fail "$real cannot be read by $(whose). Allow it (chmod u+r), then run this again"
    [ -w "$real" ] || fail "$real is read-only for $(whose). Allow writing (chmod u+w), then run this again"
  elif [ "$real" != "$CONFIG" ] && [ "$UNINSTALL" = 0 ]; then
    say "$CONFIG is a link to $real, which does not exist yet: the file is made there."
  fi
  for folder in "${real%/*}" "${CONFIG%/*}"; do
    while [ ! -e "$folder" ] && [ -n "$folder" ]; do folder=${folder%/*}; done
    folder=${folder:-/}
    [ -d "$folder" ] || fail "$folder is no folder, so there can be no $CONFIG"
    [ -w "$folder" ] && [ -x "$folder" ] || fail "$folder is read-only for $(whose), and $CONFIG belongs there"
  done
}

whose() { printf '%s' "${USER:-this user}"; }

# replace NEW TARGET: in one step, keeping the mode of the file and following a link to it.
replace() {
  local target next
  target=$(real_path "$2") || exit 1
  mkdir -p "${target%/*}" || fail "cannot create ${target%/*}"
  next=$(mktemp "$target.XXXXXX" 2>/dev/null) || fail "cannot write to ${target%/*}"
  if [ -e "$target" ]; then cp -p "$target" "$next" || fail "cannot copy $target"; fi
  if ! { cat "$1" >"$next" && mv -f "$next" "$target"; }; then
    rm -f "$next"
    fail "cannot write $target"
  fi
}

# edit ACTION: has the relay edit CONFIG; leaves its answer in WORK/reply. Nothing is written yet.
edit() {
  local query="?tier=$TIER" files=(current)
  if [ -e "$CONFIG" ]; then cat "$CONFIG" >"$WORK/current" || fail "cannot read $CONFIG"; else : >"$WORK/current"; fi
  if [ -e "$KEPT.before" ]; then
    cat "$KEPT.before" >"$WORK/before" || fail "cannot read $KEPT.before"
    files+=(before)
  elif [ -e "$KEPT.absent" ] && [ -e "$KEPT.after" ]; then
    : >"$WORK/before"
    files+=(before)
  fi
  # Without the variable tar of macOS adds files of its own.
  COPYFILE_DISABLE=1 tar -cf "$WORK/request.tar" -C "$WORK" "${files[@]}" || fail 'cannot pack the request'
  request_as_client 60 "/setup/opencode/$1$query" "$WORK/reply.tar" \
    -H 'Content-Type: application/x-tar' --data-binary "@$WORK/request.tar"
  if [ "$STATUS" != 200 ]; then
    untouched
    cat "$WORK/reply.tar" >&2
    exit 1
  fi
  rm -rf "$WORK/reply"
  mkdir "$WORK/reply" && tar -xf "$WORK/reply.tar" -C "$WORK/reply" || fail 'cannot unpack the answer of the relay'
  [ -s "$WORK/reply/result" ] || fail 'the answer of the relay is incomplete'
  RESULT=$(cat "$WORK/reply/result")
}

untouched() {
  printf 'sovereign setup: %s is left as it is.\n' "$CONFIG" >&2
  if [ -e "$KEPT.before" ]; then printf '  The file as it was before: %s\n' "$KEPT.before" >&2; fi
}

install_config() {
  edit merge
  if [ "$RESULT" = unchanged ]; then
    say "$CONFIG: nothing to change."
    cat "$WORK/reply/notes"
    if [ "$DRY_RUN" = 0 ]; then keep_token; fi
    return
  fi
  if [ "$DRY_RUN" = 1 ]; then say "$CONFIG would be changed:"; else say "$CONFIG:"; fi
  cat "$WORK/reply/summary" "$WORK/reply/notes"
  if [ "$DRY_RUN" = 1 ]; then return; fi
  make_state
  keep_token
  remember_before
  replace "$WORK/reply/config" "$CONFIG"
  cat "$WORK/reply/config" >"$KEPT.after" || fail "cannot write to $STATE"
  if [ -e "$KEPT.before" ]; then say "  The file as it was: $KEPT.before"; fi
}

# Edits made since our last run belong to the user and must survive an uninstall.
remember_before() {
  if [ ! -e "$CONFIG" ]; then
    rm -f "$KEPT.before"
    : >"$KEPT.absent"
  elif ! same "$CONFIG" "$KEPT.after"; then
    rm -f "$KEPT.absent"
    cat "$WORK/reply/without" >"$KEPT.before" || fail "cannot write to $STATE"
  fi
}

keep_token() {
  [ -n "$TOKEN" ] || return 0
  if [ -e "$STATE/token" ] && [ "$(cat "$STATE/token")" = "$TOKEN" ]; then return 0; fi
  make_state
  printf '%s\n' "$TOKEN" >"$WORK/token"
  replace "$WORK/token" "$STATE/token"
  say "  Token kept in $STATE/token, readable by you alone."
}

uninstall_config() {
  [ -e "$CONFIG" ] || [ -e "$STATE" ] || return 0
  check_config
  if same "$CONFIG" "$KEPT.after" && { [ -e "$KEPT.before" ] || [ -e "$KEPT.absent" ]; }; then
    say "$CONFIG:"
    if [ -e "$KEPT.absent" ]; then say '  removed: it did not exist before'; else say '  as it was before'; fi
    if [ "$DRY_RUN" = 1 ]; then return; fi
    if [ -e "$KEPT.absent" ]; then remove_config; else replace "$KEPT.before" "$CONFIG"; fi
  elif [ -e "$CONFIG" ]; then
    edit remove
    take_out
  fi
  if [ "$DRY_RUN" = 0 ]; then forget; fi
}

# A file that the user has edited since: only our part goes, and what it had replaced comes back.
take_out() {
  if [ "$RESULT" = unchanged ]; then
    say "$CONFIG: nothing of ours in it."
  else
    say "$CONFIG:"
    cat "$WORK/reply/summary"
  fi
  cat "$WORK/reply/notes"
  if [ "$RESULT" = unchanged ] || [ "$DRY_RUN" = 1 ]; then return; fi
  if [ "$RESULT" = empty ] && [ -e "$KEPT.absent" ]; then
    remove_config
    return
  fi
  # Edits inside the part that makes room cannot be told from ours.
  if [ "$RESULT" = restored ]; then
    cat "$CONFIG" >"$KEPT.edited" || fail "cannot write to $STATE"
    say "  The file as you had edited it: $KEPT.edited"
  fi
  replace "$WORK/reply/config" "$CONFIG"
}

# A link to it was there before us and stays.
remove_config() {
  local real
  real=$(real_path "$CONFIG") && rm -f "$real" || fail "cannot remove $CONFIG"
}

forget() {
  rm -f "$KEPT.before" "$KEPT.after" "$KEPT.absent"
  local other
  for other in "$STATE"/*.after; do [ ! -e "$other" ] || return 0; done
  rm -f "$STATE/token"
  for other in "$STATE"/*.edited; do [ ! -e "$other" ] || return 0; done
  rm -f "$STATE/.gitignore"
  if [ -d "$STATE" ]; then rmdir "$STATE" 2>/dev/null || say "  Left in place, not ours: $STATE"; fi
}

uninstall() {
  local folder=${XDG_CONFIG_HOME:-$HOME/.config}/opencode name
  if [ -n "${OPENCODE_CONFIG:-}" ]; then
    uninstall_config
  else
    for name in opencode.json opencode.jsonc; do
      use_config "$folder/$name"
      uninstall_config
    done
  fi
  uninstall_opencode
  if [ "$DRY_RUN" = 1 ]; then say 'Nothing was written (--dry-run).'; else say 'Done.'; fi
}

opencode_record() { printf '%s' "${XDG_DATA_HOME:-$HOME/.local/share}/sovereign/opencode.sha256"; }

platform() {
  local system machine libc=''
  case $(uname -s) in Linux) system=linux ;; Darwin) system=darwin ;; *) fail "OpenCode for $(uname -s) is not offered" ;; esac
  case $(uname -m) in x86_64 | amd64) machine=x64 ;; aarch64 | arm64) machine=arm64 ;; *) fail "OpenCode for $(uname -m) is not offered" ;; esac
  for loader in /lib/ld-musl-*; do if [ -e "$loader" ]; then libc=-musl; fi; done
  printf '%s-%s%s' "$system" "$machine" "$libc"
}

install_opencode() {
  local target=$HOME/.local/bin/opencode record kind
  record=$(opencode_record)
  if [ -e "$target" ] && [ ! -e "$record" ]; then
    say "$target is there already and is left as it is."
    return
  fi
  kind=$(platform) || exit 1
  if [ "$DRY_RUN" = 1 ]; then
    say "OpenCode for $kind would be installed to $target."
    return
  fi
  say "Fetching OpenCode for $kind through the tunnel ..."
  request_as_client 3600 "/bundle.tar.gz?opencode=$kind" "$WORK/bundle.tar.gz"
  if [ "$STATUS" != 200 ]; then
    cat "$WORK/bundle.tar.gz" >&2
    fail 'OpenCode was not installed; everything else is'
  fi
  mkdir "$WORK/bundle" && tar -xzf "$WORK/bundle.tar.gz" -C "$WORK/bundle" || fail 'cannot unpack the bundle'
  (cd "$WORK/bundle/sovereign-kit" && check_sums SHA256SUMS) || fail 'the bundle is damaged: checksums differ'
  mkdir -p "${target%/*}" "${record%/*}" && chmod 755 "$WORK/bundle/sovereign-kit/opencode" || fail "cannot write to ${target%/*}"
  cp "$WORK/bundle/sovereign-kit/opencode" "$target.new" && chmod 755 "$target.new" && mv -f "$target.new" "$target" ||
    fail "cannot write $target"
  sum_of "$target" >"$record"
  say "OpenCode is in $target."
  case :$PATH: in *":${target%/*}:"*) ;; *) say "  Add it to your PATH: export PATH=\"${target%/*}:\$PATH\"" ;; esac
}

sum_of() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi
}

check_sums() {
  if command -v sha256sum >/dev/null; then sha256sum -c "$1"; else shasum -a 256 -c "$1"; fi >/dev/null
}

uninstall_opencode() {
  local target=$HOME/.local/bin/opencode record
  record=$(opencode_record)
  [ -e "$record" ] || return 0
  if [ -e "$target" ] && [ "$(sum_of "$target")" != "$(cat "$record")" ]; then
    say "$target has changed since it was installed and is left in place."
  else
    say "$target: removed"
    if [ "$DRY_RUN" = 0 ]; then rm -f "$target"; fi
  fi
  if [ "$DRY_RUN" = 0 ]; then
    rm -f "$record"
    rmdir "${record%/*}" 2>/dev/null || :
  fi
}

# The model list goes the whole way to the upstream and costs nothing.
verify() {
  STATUS=$(request 60 /v1/models "$WORK/models") || fail "the tunnel broke while asking for $BASE/v1/models"
  if [ "$STATUS" = 200 ]; then
    say "Checked: $BASE/v1/models answers through the tunnel."
  else
    say "Not usable yet: $BASE/v1/models answered $STATUS."
    say '  On the relay, run "sovereign relay login", then run this script again here.'
    return
  fi
  [ "$VERIFY_CHAT" = 1 ] || return 0
  [ -s "$WORK/reply/verify.json" ] || { say 'No model to try a chat with.'; return 0; }
  STATUS=$(request 120 /v1/chat/completions "$WORK/chat" -H 'Content-Type: application/json' \
    --data-binary "@$WORK/reply/verify.json") || fail 'the chat request broke off'
  if [ "$STATUS" = 200 ]; then
    say 'Checked: a chat request was answered.'
  else
    cat "$WORK/chat" >&2
    fail "the chat request was answered with $STATUS"
  fi
}

warn_of_proxy() {
  local proxy=${http_proxy:-${HTTP_PROXY:-}} without=${no_proxy:-${NO_PROXY:-}} host=${BASE#*://}
  host=${host%:*}
  [ -n "$proxy" ] || return 0
  case ",$without," in *",$host,"* | *',*,'*) return 0 ;; esac
  say "This shell sends HTTP through a proxy. AI clients must reach the tunnel without it:"
  say "  export NO_PROXY=\"$host\${NO_PROXY:+,\$NO_PROXY}\" no_proxy=\"$host\${no_proxy:+,\$no_proxy}\""
}

main() {
  parse_arguments "$@"
  check_token
  [ -n "${HOME:-}" ] || fail 'HOME is not set'
  for tool in curl tar mktemp; do command -v "$tool" >/dev/null || fail "$tool is needed and is not installed"; done
  WORK=$(mktemp -d) || fail 'cannot create a temporary folder'
  trap 'rm -rf "$WORK"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  find_config
  if [ "$UNINSTALL" = 0 ]; then check_config; fi
  if [ -z "$TOKEN" ] && [ -s "$STATE/token" ]; then TOKEN=$(cat "$STATE/token") && check_token; fi
  if [ "$UNINSTALL" = 1 ]; then
    uninstall
    return
  fi
  check_tunnel
  install_config
  if [ "$WITH_OPENCODE" = 1 ]; then install_opencode; fi
  if [ "$DRY_RUN" = 1 ]; then
    say 'Nothing was written (--dry-run).'
    return
  fi
  if [ "$VERIFY" = 1 ]; then verify; fi
  warn_of_proxy
  cat "$WORK/reply/clients"
}

main "$@"
exit $?
}
