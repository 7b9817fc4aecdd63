# openssl as a server that this program's own libraries cannot play: old versions and ciphers, old
# signatures, short keys, and one that wants to know who asks.
# shellcheck shell=bash

openssl_suite() {
  echo "# openssl"
  make_old_certificates
  login public "$WORK/openssl.json"
  what_is_not_in_common_is_named
  old_certificates_are_called_what_they_are
  a_client_certificate_is_demanded
}

# A certificate signed with SHA-1, one with a key of 1024 bits, and one by such a key.
make_old_certificates() {
  sign_old localhost ca sha1 -sha1
  make_short_key short
  sign_old short ca short
  make_short_key weak -x509 -addext basicConstraints=critical,CA:TRUE
  mv "$WORK/weak.csr" "$WORK/weak.pem"
  sign_old localhost weak byweak
  cp "$WORK/localhost.key" "$WORK/sha1.key"
  cp "$WORK/localhost.key" "$WORK/byweak.key"
}

# make_short_key NAME OPTION...: a key, and what `openssl req` makes for it.
make_short_key() {
  local name=$1
  shift
  openssl req -new -config <(printf '[req]\ndistinguished_name = dn\n[dn]\n') -subj "/CN=$name" \
    -newkey rsa:1024 -nodes -keyout "$WORK/$name.key" -out "$WORK/$name.csr" "$@" 2>"$WORK/openssl.log"
}

# sign_old REQUEST CA NAME OPTION...: a certificate for localhost.
sign_old() {
  local request=$1 ca=$2 name=$3
  shift 3
  openssl x509 -req "$@" -in "$WORK/$request.csr" -CA "$WORK/$ca.pem" -CAkey "$WORK/$ca.key" -days 1 \
    -extfile <(echo "subjectAltName=DNS:localhost") -out "$WORK/$name.pem" 2>"$WORK/openssl.log"
}

# against CERTIFICATE OPTION...: a run against a server with this certificate and these options.
against() {
  local certificate=$1
  shift
  read -r old_port <<<"$(free_ports 1)"
  start openssl "$old_port" openssl s_server -quiet -www -accept "127.0.0.1:$old_port" \
    -cert "$WORK/$certificate.pem" -key "$WORK/$certificate.key" "$@"
  refresh "$WORK/openssl.json" "https://localhost:$old_port/token" --cacert "${roots:-$WORK/ca.pem}"
  stop openssl
}

what_is_not_in_common_is_named() {
  against localhost -tls1_1 -cipher DEFAULT:@SECLEVEL=0
  expect_failure "a server of TLS 1.1" 76 "localhost:$old_port: no TLS version in common"
  against localhost -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256
  expect_failure "a server with CBC alone" 76 "localhost:$old_port: no cipher in common"
  against localhost -tls1_3 -groups secp521r1
  expect_failure "a server with P-521 alone" 76 "localhost:$old_port: no cipher in common"
}

old_certificates_are_called_what_they_are() {
  local old=DEFAULT:@SECLEVEL=0
  against sha1 -cipher "$old"
  expect_failure "a certificate signed with SHA-1" 68 "cannot trust localhost:$old_port" "SHA-1"
  against short -cipher "$old"
  expect_failure "a key of 1024 bits" 68 "cannot trust localhost:$old_port" "RSA under 2048 bits"
  roots=$WORK/weak.pem against byweak -cipher "$old"
  expect_failure "a CA with a key of 1024 bits" 68 "cannot trust localhost:$old_port" "RSA under 2048 bits"
}

a_client_certificate_is_demanded() {
  against localhost -tls1_3 -Verify 1 -verify_return_error -CAfile "$WORK/ca.pem"
  expect_failure "a client certificate, TLS 1.3" 76 "it demands a client certificate"
  against localhost -tls1_2 -Verify 1 -verify_return_error -CAfile "$WORK/ca.pem"
  expect_failure "a client certificate, TLS 1.2" 76 "client certificate, which sftoken cannot give"
}
