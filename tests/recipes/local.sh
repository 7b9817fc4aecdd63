# The recipes for one machine.
# shellcheck shell=bash
# shellcheck source=tests/recipes/lib.sh

# The person at the browser is the endpoint's own.
a_login_makes_the_first_token_file() {
    {
        # Who logs in has none of the variables: the file and the options say it all.
        printf '%s\n' 'unset SFTOKEN_CLIENT_ID SFTOKEN_TOKEN_ENDPOINT' 'mkfifo keyboard screen'
        # shellcheck disable=SC2016 # the endpoint sets this variable
        "$helper" block "$recipes" 'run: login' |
            sed -e 's#^\$ \(.*\)#\1 <keyboard 2>screen \&#' -e 's#https://acme.my.salesforce.com#"${ENDPOINT_URL%/services/*}"#'
        declare -f at_the_browser
        # shellcheck disable=SC2016 # the script's own commands
        printf '%s\n' at_the_browser 'eval "$(sed -n "s/.*from now on: //p" said)"'
    } >script
    run_script 0 --login 3MVG9...
    grep -q 'from now on: sftoken refresh .*token.json$' stderr
    same 'client id' "$(jq -r .client_id token.json)" 3MVG9...
    refreshed token.json
    no_secret_in stdout stderr calls
}

# Opens the address that is shown, pastes the one where that leads, and waits for the end.
at_the_browser() {
    exec 3>keyboard 4<screen
    address=$(grep -m 1 '^https://' <&4)
    "$ENDPOINT_PROGRAM" browse "$address" "$ENDPOINT_CA" >&3
    exec 3>&-
    tee said <&4 >&2
    wait $!
}

curl_sends_the_header_and_shows_it_to_nobody() {
    token_file token.json
    run_block curl 0 --rotate
    has "$served" 'GET /services/data/v62.0/limits HTTP/1.1'
    has "$served" 'Authorization: Bearer 00D!access-1'
    refreshed token.json
    no_secret_in stdout stderr calls
}

curl_is_not_run_without_a_token() {
    token_file token.json
    run_block curl 77 --rotate --refresh-token 5Aep-another
    same 'requests' "$(cat "$served")" ''
    no_secret_in stdout stderr calls
}

sf_finds_the_token_in_its_environment() {
    token_file token.json
    run_block sf 0 --rotate
    has calls "sf org login access-token --no-prompt --instance-url $instance --alias ci"
    has calls.secret 'SF_ACCESS_TOKEN=00D!access-1'
    no_secret_in stdout stderr calls
}

an_auth_url_becomes_a_token_file() {
    export SFDX_AUTH_URL=force://PlatformCLI::5Aep-0@acme.my.salesforce.com
    run_block auth-url 0 --rotate
    refreshed token.json
    same 'client id' "$(jq -r .client_id token.json)" PlatformCLI
    same 'files' "$(ls token*)" token.json
    no_secret_in stdout stderr calls
}

a_refused_auth_url_leaves_the_token_file_alone() {
    token_file token.json
    cp token.json before.json
    export SFDX_AUTH_URL=force://PlatformCLI::5Aep-another@acme.my.salesforce.com
    run_block auth-url 77 --rotate
    cmp token.json before.json
}

revoking_sends_the_token_unseen() {
    token_file token.json
    run_block revoke 0
    has "$served" 'POST /services/oauth2/revoke HTTP/1.1'
    same 'body' "$(tail -n 1 "$served")" 'token=5Aep-0'
    fails test -e token.json
    no_secret_in stdout stderr calls
}

revoking_sends_nothing_that_is_no_token() {
    token_file token.json
    printf '#!/bin/sh\nexit 5\n' >jq
    chmod +x jq
    PATH=$PWD:$PATH run_block revoke 5
    same 'requests' "$(cat "$served")" ''
    same 'token' "$(jq -r .refresh_token token.json)" 5Aep-0
}

xargs_refreshes_every_org() {
    local org
    mkdir tokens
    for org in a 'b c' -d; do token_file "tokens/$org.json"; done
    run_block xargs 0 --log "$PWD/log"
    same 'requests' "$(wc -l <log)" 3
    for org in a 'b c' -d; do
        same "token of $org" "$(jq -r .access_token "tokens/$org.json")" '00D!access-1'
    done
}

cron_has_nothing_to_mail_but_errors() {
    token_file token.json
    "$helper" block "$recipes" 'run: cron' |
        sed -e 's#^\([^ ]* \)\{5\}##' -e 's#/usr/local/bin/##' -e 's#/home/me/sf/##' >script
    run_script 0 --rotate
    same 'mail' "$(cat stdout stderr)" ''
    has calls 'sftoken refresh -q token.json'
    refreshed token.json
    run_script 77 --rotate --refresh-token 5Aep-another
    [ -s stderr ]
}

xargs_tells_that_one_org_failed() {
    mkdir tokens
    token_file tokens/a.json
    printf '[]\n' >tokens/b.json
    run_block xargs 123
    grep -q 'tokens/b.json' stderr
    same 'token' "$(jq -r .access_token tokens/a.json)" '00D!access-1'
}

the_case_tells_the_failures_apart() {
    token_file token.json
    run_block case 0 --rotate
    same 'stderr' "$(cat stderr)" ''
    token_file token.json
    run_block case 77 --rotate --refresh-token 5Aep-another
    has stderr 'the login has ended: log in again'
    rm token.json
    run_block case 66
    has stderr 'this needs somebody: sftoken failed with 66'
}

# The pending file is there from just before the request until the reply is saved.
a_cancelled_job_finishes_what_it_began() {
    token_file token.json
    (
        until compgen -G '.token.json.sftoken-*' >/dev/null; do :; done
        kill -s TERM "$(cat calls.pid)" && touch cancelled
    ) &
    run_block cancelled 0 --rotate --delay-ms 500
    wait
    [ -e cancelled ]
    refreshed token.json
}

an_unreachable_proxy_is_told_apart() {
    token_file token.json
    # shellcheck disable=SC2016 # the endpoint sets this variable
    "$helper" block "$recipes" 'run: proxy' |
        sed -e 's#http://proxy.example.com:3128#http://127.0.0.1:1#' -e 's#/etc/.*crt#"$ENDPOINT_CA"#' \
            -e 's#sftoken refresh#& --retries 0#' >script
    run_script 69
    grep -q 127.0.0.1:1 stderr
    sed -i 's#NO_PROXY=#&127.0.0.1,#' script
    run_script 0 --rotate
    refreshed token.json
}
