# Installs what the suites need and the machine lacks, without a question.
# shellcheck shell=bash

# The servers stand here, where the path of an ordinary user does not lead.
PATH=$PATH:/usr/sbin

install_what_is_missing() {
  local packages=()
  missing nginx && packages+=(nginx-light)
  missing haproxy && packages+=(haproxy)
  missing tinyproxy && packages+=(tinyproxy-bin)
  missing squid && packages+=(squid)
  missing openssl && packages+=(openssl)
  missing curl && packages+=(curl)
  missing node && packages+=(nodejs)
  missing npm && packages+=(npm)
  if ((${#packages[@]} > 0)); then
    install_packages "${packages[@]}"
  fi
  install_provider
}

missing() {
  ! command -v "$1" >/dev/null
}

# The packages of servers start them as services; SYSTEMD_OFFLINE prevents that.
install_packages() {
  echo "# installing $*"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 \
    apt-get install -q -y --no-install-recommends "$@"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

# npm leaves a lock file of its own, which is younger than ours if the installation is current.
install_provider() {
  if [[ $HERE/node_modules/.package-lock.json -nt $HERE/package-lock.json ]]; then
    return
  fi
  echo "# installing oidc-provider"
  npm --prefix "$HERE" ci --ignore-scripts --no-audit --no-fund --loglevel error
}
