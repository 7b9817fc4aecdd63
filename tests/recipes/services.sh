# The recipes for GitHub, GitLab, Kubernetes and systemd.
# shellcheck shell=bash
# shellcheck source=tests/recipes/lib.sh

# release: an archive as a release has it, for the scripts that install from RELEASE.
release() {
    export ARCHIVE=sftoken-0.2.0-x86_64-linux.tar.gz RELEASE=file://$PWD/release
    local name=${ARCHIVE%.tar.gz}
    mkdir -p release "made/$name/bin"
    cp "$work/bin/sftoken" "made/$name/bin/sftoken"
    tar -czf "release/$ARCHIVE" -C made "$name"
    SHA256=$(sha256sum "release/$ARCHIVE" | cut -d ' ' -f 1)
    export SHA256
}

# github_script STEP: a step of the recipe as ./script.
github_script() { "$helper" yaml-script "$recipes" 'run: github' "jobs.deploy.steps.$1.run" >script; }

github_gets_its_first_secret() {
    token_file token.json
    run_block github-secret 0
    has calls 'gh secret set SF_TOKEN_JSON --repo OWNER/REPO'
    grep -q 5Aep-0 calls.secret
    fails test -e token.json
}

github_installs_the_archive_that_it_knows() {
    export GITHUB_PATH=$PWD/github.path
    release
    github_script 'Install sftoken'
    run_script 0
    cmp "$(cat github.path)/sftoken" "$work/bin/sftoken"
    rm github.path
    printf 'changed later\n' >>"release/$ARCHIVE"
    run_script 1
    fails test -e github.path
}

github_masks_hands_on_and_writes_back() {
    export SF_TOKEN_JSON='{"access_token": "00D!old", "refresh_token": "5Aep-0"}'
    export GITHUB_ENV=$PWD/github.env
    github_script 'Refresh the Salesforce token'
    run_script 0 --rotate
    same 'masks' "$(cat stdout)" $'::add-mask::00D!access-1\n::add-mask::5Aep-1'
    same 'environment' "$(cat github.env)" $'SF_ACCESS_TOKEN=00D!access-1\nSF_ORG_INSTANCE_URL='"$instance"
    github_script 'Keep the new refresh token'
    run_script 0
    has calls 'gh secret set SF_TOKEN_JSON'
    cmp calls.secret token.json
    refreshed token.json
    no_secret_in stderr calls
}

github_does_not_write_back_what_is_no_token_file() {
    github_script 'Keep the new refresh token'
    : >token.json
    run_script 1
    same 'calls' "$(cat calls)" ''
}

gitlab_gets_its_first_variable() {
    token_file token.json
    export SECRETS_TOKEN=glpat-1 GITLAB_PROJECT=$SERVER_URL/projects/1
    run_block gitlab-variable 0
    has "$served" 'POST /projects/1/variables HTTP/1.1'
    has "$served" 'PRIVATE-TOKEN: glpat-1'
    grep -q '"refresh_token": "5Aep-0"' "$served"
    fails test -e token.json
    no_secret_in stdout stderr calls
}

gitlab_does_not_run_what_it_does_not_know() {
    token_file variable
    export SF_TOKEN_JSON=$PWD/variable SECRETS_TOKEN=glpat-1 VARIABLE_URL=$SERVER_URL/variable TMPDIR=$PWD
    release
    printf 'changed later\n' >>"release/$ARCHIVE"
    "$helper" yaml-script "$recipes" 'run: gitlab' salesforce-token.script >script
    run_script 1
    fails grep '^sftoken' calls
}

gitlab_reports_and_writes_back() {
    token_file variable
    release
    export SF_TOKEN_JSON=$PWD/variable SECRETS_TOKEN=glpat-1 VARIABLE_URL=$SERVER_URL/variable TMPDIR=$PWD
    "$helper" yaml-script "$recipes" 'run: gitlab' salesforce-token.script >script
    run_script 0 --rotate
    same 'report' "$(cat sf.env)" $'SF_ACCESS_TOKEN=00D!access-1\nSF_ORG_INSTANCE_URL='"$instance"
    has "$served" 'PUT /variable HTTP/1.1'
    has "$served" 'PRIVATE-TOKEN: glpat-1'
    has "$served" '  "refresh_token": "5Aep-1",'
    no_secret_in stdout stderr calls
}

kubernetes_gets_its_first_secret() {
    token_file token.json
    run_block kubernetes-secret 0
    has calls 'kubectl create secret generic salesforce-token --from-file=token.json'
    fails test -e token.json
}

kubernetes_copies_once_and_proves_that_it_can_write_back() {
    mkdir secret tokens
    token_file secret/token.json
    chmod 400 secret/token.json
    k8s_script initContainers.0
    run_script 0
    cmp secret/token.json tokens/token.json
    same 'mode' "$(stat -c %a tokens/token.json)" 600
    printf 'refreshed\n' >tokens/token.json
    run_script 0
    same 'copy' "$(cat tokens/token.json)" refreshed
    has calls "$create_secret"
    has calls 'kubectl replace --dry-run=server --filename=tokens/secret.json'
    same 'calls that change something' "$(grep replace calls | grep -v dry-run)" ''
    touch calls.refuse-replace
    run_script 1
}

kubernetes_writes_back_until_it_succeeds() {
    mkdir tokens
    touch calls.refuse-create calls.refuse-replace
    k8s_script containers.0
    sed -i 's/sleep 10/sleep 0/' script
    run_script 0
    same 'calls' "$(sort -u calls)" "$create_secret"$'\nkubectl replace --filename=tokens/secret.json'
    same 'creations and replacements' "$(wc -l <calls) $(grep -c replace calls)" '5 2'
    same 'the Secret' "$(cat tokens/secret.json)" {}
}

# What makes the new Secret, in a test that runs in this directory.
create_secret='kubectl create secret generic salesforce-token --from-file=tokens/token.json --dry-run=client --output=json'

# The script of a container of the CronJob, with its volumes in this directory.
k8s_script() {
    "$helper" yaml-script "$recipes" 'run: kubernetes' "spec.jobTemplate.spec.template.spec.$1.command" |
        sed 's#/\(secret\|tokens\)/#\1/#g' >script
}

a_service_uses_its_credential() {
    token_file token.json
    export CREDENTIALS_DIRECTORY=$PWD
    run_block credential 0
    has "$served" 'GET /services/data/v62.0/limits HTTP/1.1'
    has "$served" 'Authorization: Bearer 00D!old'
    no_secret_in stdout stderr calls
}

a_service_whose_credential_has_no_token_sends_nothing() {
    export CREDENTIALS_DIRECTORY=$PWD
    printf '{"access_token": null, "refresh_token": "5Aep-0"}\n' >token.json
    run_block credential 4
    same 'requests' "$(cat "$served")" ''
}

# units: both in this directory, with a program that is there.
units() {
    local unit
    for unit in sftoken@.service sftoken@.timer; do
        "$helper" block "$recipes" "unit: $unit" | sed "s#/usr/local/bin/sftoken#$(command -v true)#" >"$unit"
    done
}

the_units_are_what_systemd_expects() {
    units
    systemd-analyze verify ./sftoken@acme.service ./sftoken@acme.timer >said 2>&1
    same 'words of systemd-analyze' "$(cat said)" ''
}

# 20 would be 2.0, the figure that the recipe promises being 1.5; OK ends at 5.0.
the_service_is_as_closed_as_the_recipe_says() {
    units
    systemd-analyze security --offline=true --threshold=20 --no-pager ./sftoken@.service >said
    grep -q 'Overall exposure level for .*: 1.5 OK' said
}

# The calls of a group of systemd's and of the groups within it.
calls_in() {
    local call
    systemd-analyze syscall-filter --no-pager "$1" | sed -n 's/^    \([^#]\)/\1/p' | while read -r call; do
        case $call in @*) calls_in "$call" ;; *) printf '%s\n' "$call" ;; esac
    done
}

# What is left over when the allowed calls are taken from those that a refresh makes.
the_service_allows_every_system_call_of_a_refresh() {
    token_file token.json
    printf 'strace -f -qq -o trace "$SFTOKEN" refresh token.json\n' >script
    run_script 0 --rotate
    grep -oE '^[0-9]+ +[a-z0-9_]+\(' trace | grep -oE '[a-z0-9_]+\(' | tr -d '(' | sort -u >made
    grep -qx write made
    units
    calls_in "$(sed -n 's/^SystemCallFilter=//p' sftoken@.service)" | sort -u >allowed
    same 'calls' "$(comm -23 made allowed)" ''
}
