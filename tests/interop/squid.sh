# squid as the way out, which proxies of companies often are: Basic, Digest, a refusal with a page,
# and TLS of its own.
# shellcheck shell=bash

squid_password=s.q-u_id9

squid_suite() {
  start_squids
  echo "# squid"
  login public "$WORK/squid.json"
  basic_credentials_are_taken_or_refused
  digest_is_named
  a_host_that_squid_denies_is_unavailable
  squid_may_have_tls_of_its_own
}

# One squid with Basic and two ports, one with Digest alone.
start_squids() {
  secrets+=("$squid_password" wrong-password "$(base64 <<<"ada:$squid_password" | cut -c 1-12)")
  read -r basic encrypted digest <<<"$(free_ports 3)"
  prepare_squid
  local helpers
  helpers=$(dirname "$(find /usr/lib* -name basic_ncsa_auth | head -n 1)")
  echo "ada:$(openssl passwd -apr1 "$squid_password")" >"$WORK/squid/basic"
  echo "ada:squid:$(printf %s "ada:squid:$squid_password" | md5sum | cut -d ' ' -f 1)" >"$WORK/squid/digest"
  start_squid basic "$basic" \
    "https_port 127.0.0.1:$encrypted tls-cert=$WORK/squid/proxy.pem tls-key=$WORK/squid/proxy.key" \
    "auth_param basic program $helpers/basic_ncsa_auth $WORK/squid/basic"
  start_squid digest "$digest" \
    "auth_param digest program $helpers/digest_file_auth -c $WORK/squid/digest" \
    "auth_param digest realm squid"
}

# squid does not stay root, and its own user has to find its files.
prepare_squid() {
  mkdir "$WORK/squid"
  cp "$WORK/localhost.pem" "$WORK/squid/proxy.pem"
  cp "$WORK/localhost.key" "$WORK/squid/proxy.key"
  ((EUID == 0)) || return 0
  chmod 711 "$WORK"
  chmod -R a+rwX "$WORK/squid"
}

# start_squid NAME PORT LINE...: a squid with these lines of configuration, for those it knows.
start_squid() {
  local name=squid-$1 port=$2
  shift 2
  cat >"$WORK/$name.conf" <<CONF
http_port 127.0.0.1:$port
$(printf '%s\n' "$@")
acl provider port $PROVIDER_PORT
acl known proxy_auth REQUIRED
http_access deny !provider
http_access allow known
http_access deny all
access_log stdio:$WORK/squid/$name.access
cache_log /dev/null
cache deny all
pid_filename none
netdb_filename none
coredump_dir $WORK/squid
pinger_enable off
shutdown_lifetime 0 seconds
CONF
  start "$name" "$port" squid -N -f "$WORK/$name.conf"
}

basic_credentials_are_taken_or_refused() {
  local at=127.0.0.1:$basic
  HTTPS_PROXY=http://ada:$squid_password@$at refresh "$WORK/squid.json" "$PROVIDER/token" --verbose
  expect_refreshed "squid with Basic" "$at (from HTTPS_PROXY)"
  HTTPS_PROXY=http://ada:wrong-password@$at refresh "$FILE" "$PROVIDER/token" --verbose
  expect_failure "squid that gets the wrong password" 69 "through the proxy $at" \
    "refused the user and the password" "check both in HTTPS_PROXY"
  HTTPS_PROXY=http://$at refresh "$FILE" "$PROVIDER/token"
  expect_failure "squid that gets no password" 69 "through the proxy $at" "status 407" \
    "put the user and the password into the proxy's URL"
  expect_equal "squid let one of three through" "$(grep -c TCP_TUNNEL/200 "$WORK/squid/squid-basic.access")" 1
}

digest_is_named() {
  local at=127.0.0.1:$digest
  HTTPS_PROXY=http://ada:$squid_password@$at refresh "$FILE" "$PROVIDER/token"
  expect_failure "squid with Digest alone" 69 "through the proxy $at" "the proxy wants Digest"
}

a_host_that_squid_denies_is_unavailable() {
  local at=127.0.0.1:$basic
  HTTPS_PROXY=http://ada:$squid_password@$at refresh "$FILE" https://localhost:1/token
  expect_failure "squid that denies the port with a page" 69 "through the proxy $at" "status 403"
}

squid_may_have_tls_of_its_own() {
  local credentials=ada:$squid_password
  HTTPS_PROXY=https://$credentials@localhost:$encrypted refresh "$FILE" "$PROVIDER/token"
  expect_refreshed "squid behind TLS"
  HTTPS_PROXY=https://$credentials@127.0.0.1:$basic refresh "$FILE" "$PROVIDER/token" --retries 0
  expect_failure "squid without TLS, asked by TLS" 69 "write it as http://127.0.0.1:$basic"
  HTTPS_PROXY=http://$credentials@localhost:$encrypted refresh "$FILE" "$PROVIDER/token" --retries 0
  expect_failure "squid with TLS, asked without" 69 "localhost:$encrypted"
}
