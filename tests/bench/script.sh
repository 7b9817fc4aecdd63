#!/bin/sh
# The usual script: what sftoken replaces. It loses the reply if the disk is full, and a rotated
# token if two of it run at once; here it is only timed.
set -eu
file=$1
refresh_token=$(jq -r .refresh_token "$file")
reply=$(curl --silent --show-error --fail --cacert "$ENDPOINT_CA" \
  --data-urlencode grant_type=refresh_token --data-urlencode client_id=3MVG9.bench \
  --data-urlencode "refresh_token=$refresh_token" "$ENDPOINT_URL")
printf %s "$reply" | jq --slurpfile old "$file" '$old[0] + .' > "$file.new"
mv "$file.new" "$file"
