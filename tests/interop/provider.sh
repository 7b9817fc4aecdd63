# oidc-provider: rotation with reuse detection, as its authors understand it.
# shellcheck shell=bash

client_secret='secret+of the/confidential=client&100%'

provider_suite() {
  start_provider
  echo "# oidc-provider"
  a_public_client_refreshes
  a_confidential_client_refreshes
  thirty_refreshes_in_a_row
  fifty_processes_make_one_request
  a_reused_token_ends_the_family
  the_client_is_refused
  the_refresh_token_is_too_old
  login_suite
}

start_provider() {
  secrets+=("$client_secret" wrong-secret)
  PROVIDER_PORT=$(free_ports 1)
  PROVIDER=https://localhost:$PROVIDER_PORT
  start oidc-provider "$PROVIDER_PORT" \
    node "$HERE/provider.mjs" "$PROVIDER_PORT" "$WORK/localhost.pem" "$WORK/localhost.key"
}

# ask_provider PATH: what the tests' way into the provider answers.
ask_provider() {
  curl --silent --show-error --fail --cacert "$WORK/ca.pem" "$PROVIDER/test/$1"
}

# login CLIENT FILE [TTL]: saves the document of a fresh login.
login() {
  ask_provider "login/$1?ttl=${3:-3600}" >"$2"
  chmod 600 "$2"
}

# userinfo_status: whether the provider knows the access token.
userinfo_status() {
  curl --silent --cacert "$WORK/ca.pem" --output "$WORK/userinfo" --write-out '%{http_code}' \
    --header "Authorization: Bearer $(member access_token "$1")" "$PROVIDER/me"
}

a_public_client_refreshes() {
  login public "$WORK/public.json"
  refresh "$WORK/public.json" "$PROVIDER/token"
  expect_refreshed "a public client refreshes"
  expect_equal "the saved access token is valid" "$(userinfo_status "$FILE")" 200
}

a_confidential_client_refreshes() {
  login confidential "$WORK/confidential.json"
  SFTOKEN_CLIENT_SECRET=$client_secret refresh "$WORK/confidential.json" "$PROVIDER/token"
  expect_refreshed "a confidential client refreshes with a secret from the environment"
  echo "$client_secret" >"$WORK/secret"
  refresh "$FILE" "$PROVIDER/token" --client-secret-file "$WORK/secret"
  expect_refreshed "a confidential client refreshes with a secret from a file"
}

# One check for all of them: the first run that goes wrong ends the row.
thirty_refreshes_in_a_row() {
  local before run complaints=""
  login public "$WORK/row.json"
  before=$(ask_provider requests)
  for run in {1..30}; do
    refresh "$WORK/row.json" "$PROVIDER/token"
    complaints=$(
      complain_about_code 0
      inspect complain-about-refresh "$WORK/before.json" "$FILE"
    )
    [[ -z $complaints ]] || break
  done
  verdict "thirty refreshes in a row, each with the token that the last one saved" \
    "${complaints:+run $run: $complaints}"
  expect_equal "thirty refreshes take thirty requests" $(($(ask_provider requests) - before)) 30
}

# The provider holds the only request until all others wait for the lock.
fifty_processes_make_one_request() {
  local before number failures=0 pids=()
  crowd=$WORK/crowd
  mkdir "$crowd"
  login public "$crowd.json"
  before=$(ask_provider requests)
  ask_provider hold >"$WORK/answer"
  for number in {1..50}; do
    "$BINARY" refresh --verbose --print token \
      --token-endpoint "$PROVIDER/token" "$crowd.json" \
      >"$crowd/$number.out" 2>"$crowd/$number.err" </dev/null &
    pids+=($!)
  done
  wait_until 30 all_but_one_wait || not_ok "forty-nine processes wait for the lock" "they do not"
  ask_provider release >"$WORK/answer"
  for number in "${pids[@]}"; do
    wait "$number" || failures=$((failures + 1))
  done
  expect_equal "fifty processes exit with 0" "$failures failures" "0 failures"
  expect_equal "fifty processes make one request" $(($(ask_provider requests) - before)) 1
  expect_equal "fifty processes print the token that was saved" \
    "$(sort -u "$crowd"/*.out)" "$(member access_token "$crowd.json")"
}

all_but_one_wait() {
  [[ $(cat "$crowd"/*.err | grep -c 'lock: waiting for another process') == 49 ]]
}

a_reused_token_ends_the_family() {
  login public "$WORK/family.json"
  cp -p "$WORK/family.json" "$WORK/stolen.json"
  refresh "$WORK/family.json" "$PROVIDER/token"
  expect_equal "a family of tokens is alive before a reuse" "$(userinfo_status "$FILE")" 200
  refresh "$WORK/stolen.json" "$PROVIDER/token"
  expect_failure "a reused token is refused" 77 invalid_grant "localhost:$PROVIDER_PORT" "log in again"
  refresh "$WORK/family.json" "$PROVIDER/token"
  expect_failure "the successor of a reused token is refused too" 77 invalid_grant "log in again"
  expect_equal "the access token of a dead family is too" "$(userinfo_status "$FILE")" 401
}

the_client_is_refused() {
  login confidential "$WORK/client.json"
  SFTOKEN_CLIENT_SECRET=wrong-secret refresh "$WORK/client.json" "$PROVIDER/token"
  expect_failure "a wrong secret is the client's fault" 78 invalid_client "localhost:$PROVIDER_PORT"
  refresh "$WORK/client.json" "$PROVIDER/token"
  expect_failure "a missing secret is the client's fault" 78 invalid_client
  refresh "$WORK/client.json" "$PROVIDER/token" --client-id unknown
  expect_failure "an unknown client is the client's fault" 78 invalid_client
  SFTOKEN_CLIENT_SECRET=$client_secret refresh "$WORK/client.json" "$PROVIDER/token"
  expect_refreshed "a refused client has not used up its token"
  refresh "$WORK/client.json" "$PROVIDER/token" --client-id public
  expect_failure "the token of another client is refused" 77 invalid_grant
}

the_refresh_token_is_too_old() {
  login public "$WORK/old.json" 1
  local end=$((SECONDS + 3))
  wait_until 10 clock_passed "$end"
  refresh "$WORK/old.json" "$PROVIDER/token"
  expect_failure "a token past its lifetime is refused" 77 invalid_grant "log in again"
}

clock_passed() {
  ((SECONDS >= $1))
}
