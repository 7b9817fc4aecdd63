# Completion of sftoken for fish.

set -l refresh '__fish_seen_subcommand_from refresh'

complete -c sftoken -n __fish_use_subcommand -f -a refresh -d 'Refresh a token file in place'
complete -c sftoken -n __fish_use_subcommand -f -s h -l help -d 'Print the help'
complete -c sftoken -n __fish_use_subcommand -f -s V -l version -d 'Print the version'

complete -c sftoken -n $refresh -s h -l help -d 'Print the help'
complete -c sftoken -n $refresh -x -l client-id -d 'Consumer key of the connected app'
complete -c sftoken -n $refresh -r -l client-secret-file -d 'File with its secret, - for standard input'
complete -c sftoken -n $refresh -x -l token-endpoint -d 'Where to send the request'
complete -c sftoken -n $refresh -r -l cacert -d 'Trust these PEM certificates only'
complete -c sftoken -n $refresh -x -l max-age -d 'Keep a token that is younger than this'
complete -c sftoken -n $refresh -x -l print -a 'token header env json' -d 'What to print afterwards'
complete -c sftoken -n $refresh -x -l timeout -d 'Deadline of the whole run'
complete -c sftoken -n $refresh -x -l retries -d 'Tries after the first'
complete -c sftoken -n $refresh -s n -l dry-run -d 'Do all but the request'
complete -c sftoken -n $refresh -s q -l quiet -d 'No summary line'
complete -c sftoken -n $refresh -s v -l verbose -d 'Say each step, secrets redacted'
