# The recipes for GitHub, GitLab, Kubernetes and systemd.
# shellcheck shell=bash
# shellcheck source=tests/recipes/lib.sh

github_masks_hands_on_and_writes_back() {
    export SF_TOKEN_JSON='{"access_token": "00D!old", "refresh_token": "5Aep-0"}'
    export GITHUB_ENV=$PWD/github.env
    "$helper" yaml-script "$recipes" 'run: github' jobs.deploy.steps.0.run >script
    run_script 0 --rotate
    same 'masks' "$(cat stdout)" $'::add-mask::00D!access-1\n::add-mask::5Aep-1'
    same 'environment' "$(cat github.env)" $'SF_ACCESS_TOKEN=00D!access-1\nSF_ORG_INSTANCE_URL='"$instance"
    "$helper" yaml-script "$recipes" 'run: github' jobs.deploy.steps.1.run >script
    run_script 0
    has calls 'gh secret set SF_TOKEN_JSON'
    cmp calls.secret token.json
    refreshed token.json
    no_secret_in stderr calls
}

github_does_not_write_back_what_is_no_token_file() {
    "$helper" yaml-script "$recipes" 'run: github' jobs.deploy.steps.1.run >script
    : >token.json
    run_script 1
    same 'calls' "$(cat calls)" ''
}

gitlab_reports_and_writes_back() {
    token_file variable
    export SF_TOKEN_JSON=$PWD/variable SECRETS_TOKEN=glpat-1 VARIABLE_URL=$SERVER_URL/variable TMPDIR=$PWD
    "$helper" yaml-script "$recipes" 'run: gitlab' salesforce-token.script >script
    run_script 0 --rotate
    same 'report' "$(cat sf.env)" $'SF_ACCESS_TOKEN=00D!access-1\nSF_ORG_INSTANCE_URL='"$instance"
    has "$served" 'PUT /variable HTTP/1.1'
    has "$served" 'PRIVATE-TOKEN: glpat-1'
    has "$served" '  "refresh_token": "5Aep-1",'
    no_secret_in stdout stderr calls
}

kubernetes_copies_once_and_writes_back() {
    mkdir secret tokens
    token_file secret/token.json
    local pods=spec.jobTemplate.spec.template.spec
    k8s_script "$pods.initContainers.0.command"
    run_script 0
    cmp secret/token.json tokens/token.json
    printf 'refreshed\n' >tokens/token.json
    run_script 0
    same 'copy' "$(cat tokens/token.json)" refreshed
    k8s_script "$pods.containers.0.command"
    run_script 0
    has calls "kubectl create secret generic salesforce-token --from-file=$PWD/tokens/token.json --dry-run=client --output=json"
    has calls "kubectl replace --filename=$PWD/tokens/secret.json"
}

# The script at a path of the CronJob, with its volumes in this directory.
k8s_script() {
    "$helper" yaml-script "$recipes" 'run: kubernetes' "$1" | sed "s#/\(secret\|tokens\)/#$PWD/&#g; s#//#/#g" >script
}

the_units_are_what_systemd_expects() {
    local unit
    for unit in sftoken@.service sftoken@.timer; do
        "$helper" block "$recipes" "unit: $unit" | sed "s#/usr/local/bin/sftoken#$(command -v true)#" >"$unit"
    done
    systemd-analyze verify ./sftoken@acme.service ./sftoken@acme.timer >said 2>&1
    same 'words of systemd-analyze' "$(cat said)" ''
}
