# tinyproxy as the way out: CONNECT with and without credentials, refused, and not used at all.
# shellcheck shell=bash

proxy_password=p.w-1_x
# The same in a URL that somebody encoded with zeal.
encoded_password=p%2Ew%2D1_x

tinyproxy_suite() {
  start_proxies
  echo "# tinyproxy"
  login public "$WORK/proxied.json"
  the_proxy_is_used
  no_proxy_is_obeyed
  credentials_are_sent_and_never_shown
  a_proxy_that_refuses_is_named
  a_proxy_that_is_down_is_named
}

start_proxies() {
  secrets+=("$proxy_password" "$encoded_password" wrong-password
    "$(base64 <<<"ada:$proxy_password" | cut -c 1-12)" "$(base64 <<<ada:wrong-password | cut -c 1-20)")
  read -r open guarded narrow <<<"$(free_ports 3)"
  start_proxy open "$open" "ConnectPort $PROVIDER_PORT"
  start_proxy guarded "$guarded" "ConnectPort $PROVIDER_PORT" "BasicAuth ada $proxy_password"
  start_proxy narrow "$narrow" "ConnectPort 1"
}

# start_proxy NAME PORT LINE...: a tinyproxy with these lines of configuration.
start_proxy() {
  local name=tinyproxy-$1 port=$2
  shift 2
  printf '%s\n' "Port $port" "Listen 127.0.0.1" "Timeout 10" "LogLevel Info" "$@" >"$WORK/$name.conf"
  start "$name" "$port" tinyproxy -d -c "$WORK/$name.conf"
}

# connects NAME: how many CONNECT requests the proxy has seen.
connects() {
  grep -c "CONNECT localhost:$PROVIDER_PORT" "$WORK/tinyproxy-$1.log" || true
}

the_proxy_is_used() {
  HTTPS_PROXY=http://127.0.0.1:$open refresh "$WORK/proxied.json" "$PROVIDER/token"
  expect_refreshed "a proxy that wants no credentials"
  https_proxy=127.0.0.1:$open refresh "$FILE" "$PROVIDER/token"
  expect_refreshed "a proxy in lower case and without a scheme"
  ALL_PROXY=http://127.0.0.1:$open refresh "$FILE" "$PROVIDER/token"
  expect_refreshed "a proxy for all protocols"
  expect_equal "the proxy saw three requests" "$(connects open)" 3
}

no_proxy_is_obeyed() {
  HTTPS_PROXY=http://127.0.0.1:$open NO_PROXY=example.com,localhost \
    refresh "$FILE" "$PROVIDER/token"
  expect_refreshed "a host that NO_PROXY names"
  expect_equal "the proxy did not see it" "$(connects open)" 3
  HTTPS_PROXY=http://127.0.0.1:$open NO_PROXY=example.com refresh "$FILE" "$PROVIDER/token"
  expect_refreshed "a host that NO_PROXY does not name"
  expect_equal "the proxy saw that one" "$(connects open)" 4
}

credentials_are_sent_and_never_shown() {
  local at=127.0.0.1:$guarded
  local ask_for_credentials="put the user and the password into the proxy's URL"
  HTTPS_PROXY=http://ada:$encoded_password@$at refresh "$FILE" "$PROVIDER/token" --verbose
  expect_refreshed "a proxy that wants credentials" "$at (from HTTPS_PROXY)"
  HTTPS_PROXY=http://ada:wrong-password@$at refresh "$FILE" "$PROVIDER/token" --verbose
  # Not 407: tinyproxy says so to those who offered something.
  expect_failure "a proxy that gets the wrong password" 69 "$at" "refused the user and the password" \
    "check both in HTTPS_PROXY"
  HTTPS_PROXY=http://$at refresh "$FILE" "$PROVIDER/token" --verbose
  expect_failure "a proxy that gets no password" 69 "$at" "status 407" "$ask_for_credentials"
}

a_proxy_that_refuses_is_named() {
  HTTPS_PROXY=http://127.0.0.1:$narrow refresh "$FILE" "$PROVIDER/token" --retries 0
  expect_failure "a proxy that denies the port" 69 "127.0.0.1:$narrow" "status 403" "nothing was sent"
}

a_proxy_that_is_down_is_named() {
  stop tinyproxy-open
  HTTPS_PROXY=http://127.0.0.1:$open refresh "$FILE" "$PROVIDER/token" --retries 0
  expect_failure "a proxy that is down" 69 "127.0.0.1:$open" "connection refused" "nothing was sent"
}
