# Logins at oidc-provider, whose pages the script clicks through as a person does.
# shellcheck shell=bash

login_suite() {
  echo "# oidc-provider: login"
  a_login_makes_a_file_that_refreshes
  a_confidential_client_logs_in
  a_login_is_renewed
  a_person_says_no
  the_callback_is_another
  a_code_is_unknown
}

# start_login CLIENT FILE [OPTION...]: starts the program, in the environment of the call, and leaves
# the address that it shows in $address. What is pasted goes to descriptor 9. The callback is
# $CALLBACK, if that is set.
start_login() {
  local client=$1 callback=${CALLBACK:-$PROVIDER/callback}
  FILE=$2
  shift 2
  rm -f "$WORK/paste"
  mkfifo "$WORK/paste"
  "$BINARY" login --client-id "$client" --token-endpoint "$PROVIDER/token" \
    --redirect-uri "$callback" "$@" "$FILE" \
    <"$WORK/paste" >"$WORK/stdout" 2>"$WORK/stderr" &
  login_pid=$!
  exec 9>"$WORK/paste"
  wait_until 10 address_is_shown || not_ok "an address is shown" "$(<"$WORK/stderr")"
  address=$(grep -m 1 '^https://' "$WORK/stderr" || true)
}

address_is_shown() {
  grep -q 'it need not load:$' "$WORK/stderr" || ! kill -0 "$login_pid" 2>"$WORK/kill.log"
}

# paste LINE: ends the login with what stands in the address bar; leaves $code.
paste() {
  # A program that has gone already says why on standard error.
  (echo "$1" >&9) 2>"$WORK/paste.log" || true
  exec 9>&-
  code=0
  wait "$login_pid" || code=$?
}

# browse URL [OPTION...]: prints where the browser ends, a page with a form or the callback.
browse() {
  local url=$1 next
  shift
  next=$(visit "$url" "$@")
  while [[ -n $next ]]; do
    url=$next
    [[ $url != "$PROVIDER/callback?"* ]] || break
    next=$(visit "$url")
  done
  echo "$url"
}

# visit URL [OPTION...]: opens one page, and prints where that redirects to, if it does.
visit() {
  curl --silent --show-error --cacert "$WORK/ca.pem" --cookie "$WORK/cookies" \
    --cookie-jar "$WORK/cookies" --output "$WORK/page" --write-out '%{redirect_url}' "$@"
}

# log_in_as NAME: fills in the login page and allows; prints the address of the callback.
log_in_as() {
  local page
  rm -f "$WORK/cookies"
  page=$(browse "$address")
  page=$(browse "$page" --data prompt=login --data-urlencode "login=$1" --data password=any)
  browse "$page" --data prompt=consent
}

# whole_login CLIENT FILE [OPTION...]: from the address to the file.
whole_login() {
  start_login "$@"
  paste "$(log_in_as ada)"
}

# complaints_about_login: what speaks against a file having been made of a login.
complaints_about_login() {
  complain_about_code 0
  [[ ! -s $WORK/stdout ]] || echo "standard output is not empty"
  grep -qF "sftoken: logged in at localhost:$PROVIDER_PORT" "$WORK/stderr" || echo "no summary"
  [[ $(stat -c %a "$FILE") == 600 ]] || echo "others can read the file"
  ! grep -qF "$client_secret" "$FILE" || echo "the client secret is in the file"
  inspect complain-about-leaks "$WORK/stderr" "$FILE" "$FILE" "${secrets[@]}"
}

a_login_makes_a_file_that_refreshes() {
  whole_login public "$WORK/login.json"
  verdict "a public client logs in" "$(complaints_about_login)"
  expect_equal "the access token of a login is valid" "$(userinfo_status "$FILE")" 200
  refresh "$WORK/login.json" "$PROVIDER/token"
  expect_refreshed "a refresh continues a login"
}

a_confidential_client_logs_in() {
  SFTOKEN_CLIENT_SECRET=$client_secret whole_login confidential "$WORK/secret-login.json"
  verdict "a confidential client logs in" "$(complaints_about_login)"
  whole_login confidential "$WORK/no-secret.json"
  expect_no_login "a confidential client without its secret does not log in" 78 invalid_client
}

a_login_is_renewed() {
  login public "$WORK/renewed.json"
  cp "$WORK/renewed.json" "$WORK/before.json"
  whole_login public "$WORK/renewed.json"
  verdict "a login over a file renews it" "$(
    complaints_about_login
    inspect complain-about-refresh "$WORK/before.json" "$FILE"
  )"
}

a_person_says_no() {
  local page
  start_login public "$WORK/no.json"
  rm -f "$WORK/cookies"
  page=$(browse "$address")
  paste "$(browse "$page/abort")"
  expect_no_login "a person says no" 77 access_denied "localhost:$PROVIDER_PORT"
}

# The provider shows its error on a page of its own, so there is nothing to paste.
the_callback_is_another() {
  CALLBACK=$PROVIDER/another start_login public "$WORK/callback.json"
  browse "$address" >"$WORK/answer"
  paste ""
  expect_equal "another callback is refused by the provider" \
    "$(grep -c redirect_uri "$WORK/page" || true) pages" "1 pages"
  expect_no_login "a login without an address to paste ends" 64 "no address on standard input"
}

a_code_is_unknown() {
  local landing
  start_login public "$WORK/unknown.json"
  landing=$(log_in_as ada)
  paste "${landing/code=/code=x}"
  expect_no_login "a code that the provider did not give out is refused" 77 invalid_grant
}

# expect_no_login NAME CODE [TEXT...]: the login failed with the code, said each text, made no file.
expect_no_login() {
  local name=$1 expected=$2 text
  shift 2
  verdict "$name" "$(
    complain_about_code "$expected"
    for text in "$@"; do
      grep -qF -- "$text" "$WORK/stderr" || echo "expected on standard error: $text"
    done
    [[ ! -e $FILE ]] || echo "there is a file"
  )"
}
