# Names with several addresses, or with none for IPv4, in a mount namespace with an /etc/hosts of
# its own. Where the machine does not permit that, these checks are skipped.
# shellcheck shell=bash

names_suite() {
  echo "# names"
  if ! find_a_way_into_a_namespace; then
    skip "every check of names" "no mount namespace is permitted here"
    return
  fi
  run_inside with_own_names
  login public "$WORK/named.json"
  a_dead_address_is_passed_over
  a_name_that_nobody_has_is_unavailable
  ipv6_is_spoken
  run_inside
}

# As root, or as a user who is root in a namespace of users.
find_a_way_into_a_namespace() {
  cat >"$WORK/hosts" <<'EOF'
127.0.0.1 localhost
127.0.0.1 multi.test
127.0.0.2 multi.test
::1 six.test
::1 both.test
127.0.0.1 both.test
EOF
  # No name leaves the machine.
  echo "hosts: files" >"$WORK/nsswitch.conf"
  namespace=(unshare --mount)
  with_own_names true 2>"$WORK/unshare.log" && return
  namespace+=(--map-root-user)
  with_own_names true 2>"$WORK/unshare.log"
}

# with_own_names COMMAND...: runs it where our two files are those of the machine.
with_own_names() {
  # shellcheck disable=SC2016 # the inner shell expands these
  "${namespace[@]}" sh -ec '
    mount --bind "$1/hosts" /etc/hosts
    mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
    shift
    exec "$@"' sh "$WORK" "$@"
}

# The resolver decides which address is the first; here each is dead once.
a_dead_address_is_passed_over() {
  refresh "$WORK/named.json" "https://multi.test:$ON_FIRST/token" --retries 0
  expect_refreshed "a name of two addresses, 127.0.0.2 dead"
  refresh "$FILE" "https://multi.test:$ON_SECOND/token" --retries 0
  expect_refreshed "a name of two addresses, 127.0.0.1 dead"
}

a_name_that_nobody_has_is_unavailable() {
  refresh "$FILE" https://nobody.test/token --retries 0
  expect_failure "a name that nobody has" 69 "cannot reach nobody.test" "nothing was sent"
}

ipv6_is_spoken() {
  if ! has_ipv6; then
    skip "names with IPv6" "the loopback interface has no ::1"
    return
  fi
  refresh "$FILE" "https://six.test:$ON_SECOND/token" --retries 0
  expect_refreshed "a name with IPv6 alone"
  refresh "$FILE" "https://both.test:$ON_FIRST/token" --retries 0
  expect_refreshed "a name of both kinds, ::1 dead"
}
