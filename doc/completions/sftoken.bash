# Completion of sftoken for bash. It needs nothing but bash itself.

# The options of the command that are not on the command line yet: sftoken takes each once.
_sftoken_options() {
    local before=" ${COMP_WORDS[*]:0:COMP_CWORD} " option own
    case ${COMP_WORDS[1]} in
    refresh) own='--max-age --retries' ;;
    login) own=--redirect-uri ;;
    *) return ;;
    esac
    for option in $own --client-id --client-secret-file --token-endpoint --cacert --print \
        --timeout --dry-run --quiet --verbose --help -n -q -v -h; do
        [[ $before == *" $option "* ]] || printf '%s\n' "$option"
    done
}

# What can stand at the cursor. No answer leaves it to readline, which completes file names.
_sftoken_words() {
    local previous=$1 current=$2
    case $previous in
    --print) printf '%s\n' token header env json ;;
    --client-id | --client-secret-file | --token-endpoint | --cacert) ;;
    --redirect-uri | --max-age | --timeout | --retries) ;;
    sftoken | */sftoken)
        ((COMP_CWORD > 1)) || printf '%s\n' refresh login help version --help --version -h -V
        ;;
    *) [[ $current != -* || " ${COMP_WORDS[*]:0:COMP_CWORD} " == *" -- "* ]] || _sftoken_options ;;
    esac
}

_sftoken() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    # readline splits an option from its value at the equals sign.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    # shellcheck disable=SC2207 # bash 3.2 has no mapfile, and no word has a blank or a wildcard
    COMPREPLY=($(compgen -W "$(_sftoken_words "$previous" "$current")" -- "$current"))
}

complete -o default -F _sftoken sftoken
