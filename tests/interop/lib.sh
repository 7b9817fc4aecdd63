# What the suites share: servers, runs of the program, and checks.
# shellcheck shell=bash

WORK=$(mktemp -d)
passed=0
failed=0
skipped=0

# Process ids by the server's name.
declare -A servers=()

# Never to be seen on standard error, beside the tokens of the document. Suites add theirs.
secrets=()

# Neither the proxies nor the CA files of the caller are for the program.
while read -r variable; do
  [[ $variable == PATH || $variable == HOME ]] || unset "$variable"
done < <(compgen -e)
export SSL_CERT_FILE=$WORK/ca.pem

trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Whatever happens, the servers stop and the last line tells how it went.
finish() {
  local code=$? name
  for name in "${!servers[@]}"; do
    stop "$name"
  done
  if ((code != 0)); then
    not_ok "the suites run to their end" "a command failed with exit code $code"
  fi
  rm -rf "$WORK"
  printf '%d passed, %d failed' "$passed" "$failed"
  ((skipped == 0)) || printf ', %d skipped' "$skipped"
  echo
  ((failed == 0)) || exit 1
}

# --- servers ---

# free_ports N: prints N loopback ports that nothing listens on.
free_ports() {
  node --input-type=module - "$1" <<'EOF'
import { createServer } from "node:net";
import { once } from "node:events";
const servers = Array.from({ length: process.argv[2] }, () => createServer().listen(0, "127.0.0.1"));
await Promise.all(servers.map((server) => once(server, "listening")));
console.log(servers.map((server) => server.address().port).join(" "));
servers.forEach((server) => server.close());
EOF
}

# start NAME PORT COMMAND...: starts a server and waits until it listens.
start() {
  local name=$1 port=$2
  shift 2
  "$@" >"$WORK/$name.log" 2>&1 &
  servers[$name]=$!
  echo "# started $name, process id ${servers[$name]}, port $port"
  wait_until 20 listens_or_died "$port" "${servers[$name]}" || true
  if ! listens "$port"; then
    cat "$WORK/$name.log"
    return 1
  fi
}

listens_or_died() {
  listens "$1" || ! kill -0 "$2" 2>"$WORK/kill.log"
}

stop() {
  kill "${servers[$1]}" || true
  wait "${servers[$1]}" || true
  echo "# stopped $1, process id ${servers[$1]}"
  unset "servers[$1]"
}

listens() {
  (: <"/dev/tcp/127.0.0.1/$1") 2>"$WORK/connect.log"
}

# wait_until SECONDS COMMAND...: asks again and again, but not for ever.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.02
  done
}

# --- runs ---

# refresh FILE ENDPOINT [OPTION...]: one run of the program, in the environment of the call. Leaves
# $code, $FILE, and what went before and came out in the work directory.
refresh() {
  FILE=$1
  local endpoint=$2
  shift 2
  cp "$FILE" "$WORK/before.json"
  code=0
  "${inside[@]}" "$BINARY" refresh --token-endpoint "$endpoint" "$@" \
    "$FILE" >"$WORK/stdout" 2>"$WORK/stderr" </dev/null || code=$?
}

# What runs the program, if it is not to run in the world of the suites.
inside=()

# run_inside [COMMAND...]: has the program run by a command from now on, or by none again.
run_inside() {
  inside=("$@")
}

# member NAME [FILE]: prints a member of the document.
member() {
  node "$HERE/document.mjs" member "$1" "${2:-$FILE}"
}

# --- checks ---

# expect_refreshed NAME [TEXT...]: the run took new tokens, kept all else, and said each text.
expect_refreshed() {
  local name=$1
  shift
  verdict "$name" "$(
    complain_about_code 0
    complain_about_streams "sftoken: refreshed $FILE at " ", refresh token rotated" "$@"
    inspect complain-about-refresh "$WORK/before.json" "$FILE"
  )"
}

# expect_failure NAME CODE [TEXT...]: the run failed with the code, said each text, and left the
# document alone.
expect_failure() {
  local name=$1 expected=$2
  shift 2
  verdict "$name" "$(
    complain_about_code "$expected"
    complain_about_streams "$@"
    cmp -s "$WORK/before.json" "$FILE" || echo "the document changed"
  )"
}

complain_about_code() {
  ((code == $1)) || echo "exit code $code, expected $1"
}

# Standard output is empty, standard error has each text and no secret.
complain_about_streams() {
  local text
  [[ ! -s $WORK/stdout ]] || echo "standard output is not empty"
  for text in "$@"; do
    grep -qF -- "$text" "$WORK/stderr" || echo "expected on standard error: $text"
  done
  inspect complain-about-leaks "$WORK/stderr" "$WORK/before.json" "$FILE" \
    "${secrets[@]}"
}

# inspect COMMAND...: what document.mjs complains of; that it cannot tell is a complaint too.
inspect() {
  node "$HERE/document.mjs" "$@" || echo "no answer to $1"
}

# verdict NAME COMPLAINTS: a check without complaints has passed.
verdict() {
  if [[ -z $2 ]]; then
    ok "$1"
  else
    not_ok "$1" "$2"$'\n'"standard error: $(<"$WORK/stderr")"
  fi
}

# expect_equal NAME SEEN EXPECTED
expect_equal() {
  if [[ $2 == "$3" ]]; then
    ok "$1"
  else
    not_ok "$1" "$2, expected $3"
  fi
}

ok() {
  passed=$((passed + 1))
  echo "ok $1"
}

not_ok() {
  failed=$((failed + 1))
  echo "not ok $1: ${2//$'\n'/; }"
}

skip() {
  skipped=$((skipped + 1))
  echo "skipped $1: $2"
}
