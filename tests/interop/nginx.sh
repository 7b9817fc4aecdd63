# nginx as what stands before a token endpoint: TLS of one version, redirects, failures. Where it
# passes requests on, oidc-provider answers them.
# shellcheck shell=bash

nginx_suite() {
  start_nginx
  echo "# nginx"
  each_tls_version_is_spoken
  replies_survive_a_server_that_compresses
  the_certificate_is_checked
  redirects_are_refused
  failures_of_the_front_are_sorted
}

start_nginx() {
  mkdir -p "$WORK/nginx"
  read -r tls12 tls13 gzip elsewhere trap_port plain closed ON_FIRST ON_SECOND <<<"$(free_ports 9)"
  front=127.0.0.1:$tls13
  nginx_configuration >"$WORK/nginx/nginx.conf"
  start nginx "$tls13" nginx -p "$WORK/nginx" -e stderr -c "$WORK/nginx/nginx.conf"
}

# One process, which is stopped as it was started; its directories are those of any distribution
# otherwise, and not ours to write.
nginx_configuration() {
  cat <<EOF
daemon off;
master_process off;
pid $WORK/nginx/pid;
events {}
http {
  log_format seen '\$server_port \$ssl_protocol \$status';
  access_log $WORK/nginx/access.log seen;
  client_body_temp_path $WORK/nginx/body;
  proxy_temp_path $WORK/nginx/proxy;
  fastcgi_temp_path $WORK/nginx/fastcgi;
  uwsgi_temp_path $WORK/nginx/uwsgi;
  scgi_temp_path $WORK/nginx/scgi;
  ssl_certificate $WORK/localhost.pem;
  ssl_certificate_key $WORK/localhost.key;

  server {
    listen 127.0.0.1:$tls12 ssl;
    ssl_protocols TLSv1.2;
    location = /token { proxy_pass $PROVIDER; }
  }
  server {
    listen 127.0.0.1:$tls13 ssl;
    ssl_protocols TLSv1.3;
    location = /token { proxy_pass $PROVIDER; }
    location = /down { proxy_pass https://127.0.0.1:$closed; }
$(redirects 301 302 303 307 308)
  }
  server {
    listen 127.0.0.1:$gzip ssl;
    gzip on;
    gzip_types *;
    gzip_min_length 1;
    gzip_proxied any;
    location = /token { proxy_pass $PROVIDER; }
  }
  server {
    listen 127.0.0.1:$elsewhere ssl;
    ssl_certificate $WORK/elsewhere.pem;
    ssl_certificate_key $WORK/elsewhere.key;
  }
  server {
    listen 127.0.0.1:$trap_port ssl;
    access_log $WORK/nginx/trap.log;
    return 200 sprung;
  }
  server {
    listen 127.0.0.1:$ON_FIRST ssl;
    listen 127.0.0.2:$ON_SECOND ssl;
    $(has_ipv6 && echo "listen [::1]:$ON_SECOND ssl;")
    location = /token { proxy_pass $PROVIDER; }
  }
  server {
    listen 127.0.0.1:$plain;
  }
}
EOF
}

# Whether the loopback interface has ::1.
has_ipv6() {
  grep -qs '^0\{31\}1 ' /proc/net/if_inet6
}

# redirects STATUS...: a location for each, which points at the trap.
redirects() {
  local status
  for status in "$@"; do
    echo "    location = /redirect/$status { return $status https://localhost:$trap_port/token; }"
  done
}

each_tls_version_is_spoken() {
  login public "$WORK/tls.json"
  refresh "$WORK/tls.json" "https://localhost:$tls12/token"
  expect_refreshed "a server that has TLS 1.2 alone"
  expect_equal "the protocol was TLS 1.2" "$(last_seen)" "$tls12 TLSv1.2 200"
  refresh "$FILE" "https://127.0.0.1:$tls13/token"
  expect_refreshed "a server that has TLS 1.3 alone, by its address"
  expect_equal "the protocol was TLS 1.3" "$(last_seen)" "$tls13 TLSv1.3 200"
}

# What nginx noted of its last request.
last_seen() {
  tail -n 1 "$WORK/nginx/access.log"
}

replies_survive_a_server_that_compresses() {
  refresh "$FILE" "https://localhost:$gzip/token"
  expect_refreshed "a server that compresses what it may"
}

the_certificate_is_checked() {
  refresh "$FILE" "https://localhost:$elsewhere/token"
  expect_failure "a certificate for another name" 68 "localhost:$elsewhere" "another name"
  refresh "$FILE" "https://$front/token" --cacert "$WORK/stranger.pem"
  expect_failure "a certificate of an unknown authority" 68 "$front" "unknown authority"
}

redirects_are_refused() {
  local status
  for status in 301 302 303 307 308; do
    refresh "$FILE" "https://$front/redirect/$status"
    expect_failure "a redirect with status $status names its target" 76 "$front" "points at https://localhost"
  done
  expect_equal "no redirect was followed" "$(wc -l <"$WORK/nginx/trap.log")" 0
  curl --silent --show-error --location --cacert "$WORK/ca.pem" --output "$WORK/answer" \
    --data x=y "https://$front/redirect/307"
  expect_equal "a client that follows is noticed" "$(wc -l <"$WORK/nginx/trap.log")" 1
}

failures_of_the_front_are_sorted() {
  refresh "$FILE" "https://$front/down" --retries 0
  expect_failure "a front whose server is down" 69 "$front" "status 502"
  refresh "$FILE" "https://$front/nowhere"
  expect_failure "a page that is not found" 76 "$front" "status 404" HTML
  refresh "$FILE" "https://127.0.0.1:$plain/token"
  expect_failure "a port that does not speak TLS" 76 "127.0.0.1:$plain does not speak TLS"
  refresh "$FILE" "http://$front/token"
  expect_failure "a port that speaks nothing but TLS" 76 "$front" "status 400" HTML
  refresh "$FILE" "https://127.0.0.1:$closed/token" --retries 0
  expect_failure "a port that nobody listens on" 69 "127.0.0.1:$closed" "connection refused"
}
