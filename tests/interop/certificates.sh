# A private CA, and the certificates it signs.
# shellcheck shell=bash

make_certificates() {
  make_ca ca
  make_ca stranger
  make_leaf localhost DNS:localhost,DNS:multi.test,DNS:six.test,DNS:both.test,IP:127.0.0.1
  make_leaf elsewhere DNS:elsewhere.test
}

make_ca() {
  request "$1" -x509 -addext basicConstraints=critical,CA:TRUE -out "$WORK/$1.pem"
}

make_leaf() {
  request "$1" -out "$WORK/$1.csr"
  openssl x509 -req -in "$WORK/$1.csr" -CA "$WORK/ca.pem" -CAkey "$WORK/ca.key" -days 1 \
    -extfile <(echo "subjectAltName=$2") -out "$WORK/$1.pem" 2>"$WORK/openssl.log"
}

# request NAME OPTION...: makes a key, and what `openssl req` makes for it.
request() {
  local name=$1
  shift
  openssl req -new -config <(printf '[req]\ndistinguished_name = dn\n[dn]\n') -subj "/CN=$name" \
    -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/$name.key" "$@" \
    2>"$WORK/openssl.log"
}
