#!/bin/sh
# Verifies an unpacked bundle with stock tools: sh, sed, grep, find, base64, sha256sum, openssl 3, ssh-keygen.
# usage: verify.sh BUNDLE_FOLDER PERSON PUBLIC_KEY.pem ALLOWED_SIGNERS
set -eu
[ $# -eq 4 ] || { echo "usage: verify.sh BUNDLE_FOLDER PERSON PUBLIC_KEY.pem ALLOWED_SIGNERS" >&2; exit 2; }
person=$2
key=$(realpath "$3")
signers=$(realpath "$4")
cd "$1"
here=attestations/0001
statement=$here/statement.json
namespace=self-assessment.v1@compliance-tui.example
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "NOT VERIFIED: $1" >&2; exit 1; }

# Only plain files, and only manifest lines that stay inside: sha256sum would follow anything else.
[ -z "$(find . ! -type d ! -type f)" ] || fail "there is something that is neither file nor folder"
for manifest in core/SHA256SUMS core/items.sha256 items/*/SHA256SUMS; do
  [ -e "$manifest" ] || continue
  if grep -Evq '^[0-9a-f]{64}  [A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$' "$manifest"; then
    fail "unsafe line in $manifest"
  fi
done

# The signature of that key: once through ssh-keygen, once by hand through openssl.
id=$(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -c1-16)
ssh-keygen -Y verify -f "$signers" -I "$person" -n "$namespace" -s "$here/$id.sshsig" < "$statement" > /dev/null \
  || fail "ssh signature of $person"
envelope=$here/$id.dsse.json
sed -n 's/.*"payload": "\([^"]*\)".*/\1/p' "$envelope" | base64 -d > "$work/payload"
sed -n 's/.*"sig": "\([^"]*\)".*/\1/p' "$envelope" | base64 -d > "$work/sig"
cmp -s "$work/payload" "$statement" || fail "the envelope signs other bytes than statement.json"
{ printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c < "$work/payload" | tr -d ' ')"; cat "$work/payload"; } > "$work/pae"
openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/pae" -sigfile "$work/sig" > /dev/null || fail "DSSE signature"

# From the statement to the core, from the core to the items, from the items to their files.
grep -q "\"sha256\": \"$(sha256sum core/SHA256SUMS | cut -c1-64)\"" "$statement" || fail "the statement is about another bundle"
sha256sum --quiet --strict -c core/SHA256SUMS || fail "core"
sha256sum --quiet --strict --ignore-missing -c core/items.sha256 || fail "items"
for manifest in items/*/SHA256SUMS; do
  grep -q "  $manifest\$" core/items.sha256 || fail "$manifest is listed nowhere"
  sha256sum --quiet --strict -c "$manifest" || fail "$manifest"
done

# Nothing that no manifest lists.
{ cut -c67- core/SHA256SUMS; echo core/SHA256SUMS; cut -c67- items/*/SHA256SUMS; ls items/*/SHA256SUMS; find attestations -type f; } \
  | sort > "$work/listed"
find . -type f | sed 's,^\./,,' | sort > "$work/present"
cmp -s "$work/listed" "$work/present" || fail "extra or missing files: $(diff "$work/listed" "$work/present" | grep '^[<>]' | head -3)"

cut -c67- core/items.sha256 | while read -r manifest; do
  [ -e "$manifest" ] || echo "withheld: ${manifest%/SHA256SUMS}"
done
echo "VERIFIED $(sha256sum core/SHA256SUMS | cut -c1-64)"
