# What the tests of all recipes have in common.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the files that are sourced beside this one read the variables

work=${RECIPES_WORK-} # set by `run`
served=$work/served
recipes=$PWD/doc/recipes.md
helper=$PWD/tests/recipes/helper.py
endpoint=$PWD/target/debug/examples/endpoint
# The instance that the endpoint names.
instance=https://d41000000f8a0eak-dev-ed.my.salesforce.com
passed=0
failed=0

# have PACKAGE COMMAND...: the command works, if need be after the package was installed.
have() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 && return
    if [ "$(id -u)" = 0 ]; then
        # A server is not to be started as a service.
        DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 \
            apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1
    fi
    "$@" >/dev/null 2>&1 && return
    printf 'skipped what needs %s\n' "$package"
    return 1
}

# check WHAT COMMAND...: runs a command in a directory of its own, and shows what it said if it fails.
check() {
    local what=$1 status
    shift
    : >"$served"
    (
        cd "$(mktemp -d "$work/XXXXXX")" && set -e
        "$@"
    ) >"$work/said" 2>&1
    status=$?
    if [ "$status" = 0 ]; then
        passed=$((passed + 1))
        printf 'ok      %s\n' "$what"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s\n' "$what"
        sed 's/^/        /' "$work/said"
    fi
}

# same WHAT ACTUAL EXPECTED
same() {
    [ "$2" = "$3" ] && return
    printf 'wrong %s\nexpected: %s\n  actual: %s\n' "$1" "$3" "$2"
    tail -n 20 stdout stderr calls 2>/dev/null
    return 1
}

# fails COMMAND...: `!` alone would not stop the script.
fails() { ! "$@"; }

# has FILE LINE: the line stands in the file.
has() { grep -qxF -e "$2" "$1" || { printf 'no line %s in %s:\n' "$2" "$1" && cat "$1" && false; }; }

# no_secret_in FILE...: nothing that was printed, or stood on a command line, is a secret.
no_secret_in() { ! grep -H -e '00D!' -e 5Aep -e glpat "$@"; }

# token_file NAME: a file as a login left it.
token_file() {
    printf '{"access_token": "00D!old", "refresh_token": "5Aep-0"}\n' >"$1"
    chmod 600 "$1"
}

# refreshed FILE: the rotated tokens are there for nobody else to read, and nothing is left beside them.
refreshed() {
    same "tokens of $1" "$(jq -r '.access_token, .refresh_token' "$1" | tr '\n' ' ')" '00D!access-1 5Aep-1 '
    same "mode of $1" "$(stat -c %a "$1")" 600
    same 'pending files' "$(find . -name '*.sftoken-*')" ''
}

# run_script STATUS OPTION...: runs ./script beside an endpoint with these options, as CI systems do.
run_script() {
    local expected=$1 status=0
    shift
    touch calls
    # shellcheck disable=SC2016 # the endpoint sets these variables
    CALLS=$PWD/calls "$endpoint" "$@" -- sh -c \
        'SFTOKEN_TOKEN_ENDPOINT=$ENDPOINT_URL SSL_CERT_FILE=$ENDPOINT_CA exec ${SHELL_WORDS-bash -e} script' \
        >stdout 2>stderr || status=$?
    same 'exit status' "$status" "$expected"
}

# run_block NAME STATUS OPTION...: runs a block of the document so, but in sh, which goes on after a
# failure unless the block itself stops it.
run_block() {
    "$helper" block "$recipes" "run: $1" >script
    SHELL_WORDS="sh" run_script "${@:2}"
}
