# The recipe for many machines, against a real etcd. The endpoint is as strict as Salesforce: a refresh token that is
# sent twice ends the session.
# shellcheck shell=bash
# shellcheck source=tests/recipes/lib.sh
# shellcheck disable=SC2317 # called by name, from a script made of these functions

# Starts etcd in this directory, on sockets, so that no port has to be free, with a token file in it.
start_etcd() {
    local client=unix://etcd.sock:1 peer=unix://peer.sock:1
    etcd --data-dir etcd --listen-client-urls $client --advertise-client-urls $client --listen-peer-urls $peer \
        --initial-advertise-peer-urls $peer --initial-cluster default=$peer >etcd.log 2>&1 &
    etcd=$! # the trap outlives this function
    trap 'kill "$etcd"; wait "$etcd" || :' EXIT
    export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=unix://$PWD/etcd.sock:1
    until etcdctl endpoint health >/dev/null 2>&1; do kill -0 "$etcd"; done
    token_file token.json
    etcdctl put salesforce/token <token.json
}

# machines BODY OPTION...: runs BODY beside etcd and a rotating endpoint.
machines() {
    local body=$1
    shift
    start_etcd
    mkdir bin
    "$helper" block "$recipes" 'run: etcd' >bin/shared-token
    # shellcheck disable=SC2016 # `machine` sets it
    printf '#!/bin/sh\nprintf "%%s\\n" "$NAME"\n' >bin/hostname
    chmod +x bin/*
    { declare -f && printf '%s\n' "$body"; } >script
    run_script 0 --rotate --log "$PWD/log" "$@"
    no_secret_in calls ./*/stderr
}

# machine NAME: runs the recipe on the machine of that name.
machine() {
    mkdir -p "$1"
    NAME=$1 HOME=$PWD/$1 PATH=$PWD/bin:$PATH shared-token >"$1/stdout" 2>"$1/stderr"
}

# member NAME: of the document in etcd.
member() { etcdctl get --print-value-only salesforce/token | jq -r ".$1"; }

# Whoever has put the intent there, by name and revision.
intent() { etcdctl get --print-value-only salesforce/token.intent; }

# Whether there is an intent.
is_intended() { [ -n "$(intent)" ]; }

# eventually COMMAND...: it succeeds, after some ten seconds of tries at most.
eventually() {
    local try
    for try in {1..500}; do ! "$@" || return 0; done
    printf 'tried %s times: %s\n' "$try" "$*"
    return 1
}

# What a lock loses when its holder's machine dies or is cut off, at once rather than after ten seconds.
end_locks() { etcdctl lease list | grep -oE '^[0-9a-f]{10,}$' | xargs -n 1 etcdctl lease revoke; }

# published NUMBER: etcd has the tokens of this reply, and no machine keeps any.
published() {
    same 'refresh token' "$(member refresh_token)" "5Aep-$1"
    same 'requests' "$(wc -l <log)" "$1"
    same 'intent' "$(intent)" ''
    same 'files' "$(find ./*/.sftoken -type f)" ''
}

twenty_at_once() {
    local number
    local -A pids=()
    for number in {1..20}; do
        machine "m$number" &
        pids[$number]=$!
    done
    for number in {1..20}; do
        wait "${pids[$number]}" || same "status of m$number" $? 0
        has "m$number/stdout" 'SF_ACCESS_TOKEN=00D!access-1'
    done
    published 1
}

# Between the reply and the transaction, with everything that runs there.
one_is_killed() {
    local other status=0
    # shellcheck disable=SC2016 # the stand-in's own variables
    printf '#!/bin/sh\n"$SFTOKEN" "$@"\nkill -s KILL 0\n' >bin/sftoken
    chmod +x bin/sftoken
    setsid --wait bash -c "$(declare -f machine); machine victim; :" || status=$?
    same 'status of the victim' "$status" 137
    rm bin/sftoken
    end_locks
    for other in b c; do
        fails machine $other
        has $other/stderr "the newest token is in $PWD/$other/.sftoken/token.json of victim: run this there first"
        same "stdout of $other" "$(cat $other/stdout)" ''
    done
    same 'refresh token' "$(member refresh_token)" 5Aep-0
    machine victim
    has victim/stdout 'SF_ACCESS_TOKEN=00D!access-1'
    published 1
    machine b
    has b/stdout 'SF_ACCESS_TOKEN=00D!access-1'
    published 1
    an_hour_passes
    machine c
    has c/stdout 'SF_ACCESS_TOKEN=00D!access-2'
    published 2
}

# The document in etcd was issued long ago.
an_hour_passes() {
    etcdctl get --print-value-only salesforce/token | jq '.issued_at = "1500000000000"' | etcdctl put salesforce/token
}

# While the holder waits for its reply.
one_loses_its_lock() {
    machine a &
    eventually is_intended
    end_locks
    fails machine b
    grep -q 'of a: run this there first' b/stderr
    # etcdctl ends with its lock, the script does not.
    wait $! || :
    eventually fails is_intended
    published 1
}

# So that two machines would publish.
somebody_else_writes() {
    machine a &
    eventually is_intended
    printf '{"refresh_token": "5Aep-another"}\n' | etcdctl put salesforce/token
    fails wait $!
    grep -q "salesforce/token was changed meanwhile; a token that it may lack is in $PWD/a/.sftoken/token.json of a" a/stderr
    same 'stdout' "$(cat a/stdout)" ''
    same 'refresh token in etcd' "$(member refresh_token)" 5Aep-another
    same 'refresh token in the file' "$(jq -r .refresh_token a/.sftoken/token.json)" 5Aep-1
}

# Nothing is open then.
one_is_refused() {
    fails machine a
    grep -q 'sftoken: ' a/stderr
    same 'intent' "$(intent)" ''
    same 'refresh token' "$(member refresh_token)" 5Aep-0
}

etcd_twenty_machines_at_once_make_one_request() { machines twenty_at_once; }
etcd_a_killed_machine_finishes_and_nobody_uses_the_old_token() { machines one_is_killed; }
etcd_a_lost_lock_does_not_matter() { machines one_loses_its_lock --delay-ms 1000; }
etcd_a_document_of_somebody_else_is_not_replaced() { machines somebody_else_writes --delay-ms 500; }
etcd_a_refusal_leaves_no_intent() { machines one_is_refused --refresh-token 5Aep-another; }
