# Gateways that give up on a provider which has rotated the token already, so that the reply with
# its successor is lost. The provider ends the whole family of tokens if the old one comes again.
# shellcheck shell=bash

# shellcheck disable=SC2154 # nginx.sh sets $impatient
gateways_suite() {
  start_haproxy
  echo "# gateways that give up"
  a_lost_reply_leaves_the_family_alive nginx "$impatient" stall 504
  a_lost_reply_leaves_the_family_alive nginx "$impatient" cut 502
  a_lost_reply_leaves_the_family_alive haproxy "$balanced" stall 504
  a_lost_reply_leaves_the_family_alive haproxy "$balanced" cut 502
  the_old_token_sent_again_ends_the_family
}

start_haproxy() {
  read -r balanced <<<"$(free_ports 1)"
  cat "$WORK/localhost.pem" "$WORK/localhost.key" >"$WORK/haproxy.pem"
  cat >"$WORK/haproxy.cfg" <<EOF
defaults
  mode http
  timeout connect 10s
  timeout client 10s
  timeout server 2s
listen gateway
  bind 127.0.0.1:$balanced ssl crt $WORK/haproxy.pem
  server provider 127.0.0.1:$PROVIDER_PORT ssl ca-file $WORK/ca.pem verifyhost localhost
EOF
  start haproxy "$balanced" haproxy -db -f "$WORK/haproxy.cfg"
}

# a_lost_reply_leaves_the_family_alive GATEWAY PORT LOSS STATUS
a_lost_reply_leaves_the_family_alive() {
  local what="$1 that gives up with status $4"
  lose_a_reply "$2" "$3"
  expect_failure "$what" 69 "127.0.0.1:$2: the gateway gave up with status $4" \
    "the request was sent and not repeated" "the server may have processed it"
  expect_equal "$what gets one request" "$requests_made" 1
  expect_equal "$what leaves the access token of the lost reply alive" \
    "$(userinfo_status "$WORK/successor.json")" 200
  refresh "$WORK/successor.json" "$PROVIDER/token"
  expect_refreshed "$what leaves the refresh token of the lost reply alive"
}

# lose_a_reply PORT LOSS: a run whose reply does not come; leaves what it had in successor.json, and
# the number of requests in $requests_made.
lose_a_reply() {
  local before
  login public "$WORK/unlucky.json"
  before=$(ask_provider requests)
  ask_provider "lose/$2" >"$WORK/answer"
  refresh "$WORK/unlucky.json" "https://127.0.0.1:$1/token"
  requests_made=$(($(ask_provider requests) - before))
  ask_provider lost >"$WORK/successor.json"
  chmod 600 "$WORK/successor.json"
}

# Else the checks above would show nothing.
the_old_token_sent_again_ends_the_family() {
  lose_a_reply "$balanced" stall
  refresh "$WORK/unlucky.json" "$PROVIDER/token"
  expect_failure "the old token after a lost reply is refused" 77 invalid_grant "log in again"
  expect_equal "the old token ends the access token of the lost reply" \
    "$(userinfo_status "$WORK/successor.json")" 401
  refresh "$WORK/successor.json" "$PROVIDER/token"
  expect_failure "the old token ends the refresh token of the lost reply" 77 invalid_grant
}
