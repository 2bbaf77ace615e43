#!/bin/sh
# Verifies an unpacked bundle with stock tools: sh, sed, grep, find, sort, sha256sum, openssl 3, ssh-keygen.
# usage: verify.sh BUNDLE_FOLDER PERSON PUBLIC_KEY.pem ALLOWED_SIGNERS [TSA_ROOT.pem]
# Everything after the first word comes from your own records, never from the bundle.
# It checks one person's signature and every byte under it. It knows no thresholds, no roles, no standards and no readiness.
set -eu
LC_ALL=C
export LC_ALL
[ $# -eq 4 ] || [ $# -eq 5 ] || {
  echo "usage: verify.sh BUNDLE_FOLDER PERSON PUBLIC_KEY.pem ALLOWED_SIGNERS [TSA_ROOT.pem]" >&2
  exit 2
}
absolute() { echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"; }
person=$2
key=$(absolute "$3")
signers=$(absolute "$4")
authority=
[ $# -eq 4 ] || authority=$(absolute "$5")
cd "$1"
here=attestations/0001
statement=$here/statement.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "NOT VERIFIED: $1" >&2; exit 1; }

# Only plain files, and only manifest lines that stay inside: sha256sum would follow anything else.
[ -z "$(find . ! -type d ! -type f)" ] || fail "there is something that is neither file nor folder"
for file in "$statement" core/SHA256SUMS core/items.sha256; do [ -f "$file" ] || fail "$file is missing"; done
files='statement\.json|[0-9a-f]{16}\.(sshsig|dsse\.json)((\.[2-9])?\.tsr)?'
find attestations -type f | grep -Ev "^attestations/[0-9]{4}/($files)\$" > "$work/strange" || :
[ ! -s "$work/strange" ] || fail "no place for $(head -1 "$work/strange")"
find items -name SHA256SUMS 2> /dev/null | sort > "$work/manifests"
for manifest in core/SHA256SUMS core/items.sha256 $(cat "$work/manifests"); do
  if grep -Evq '^[0-9a-f]{64}  [A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$' "$manifest"; then
    fail "unsafe line in $manifest"
  fi
done

# The signature of that key: through ssh-keygen, and by hand through openssl; at least one of them is there.
id=$(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -c1-16)
envelope=$here/$id.dsse.json
signatures=0
if [ -f "$here/$id.sshsig" ]; then
  ssh-keygen -Y verify -f "$signers" -I "$person" -n self-assessment.v1@compliance-tui.example -s "$here/$id.sshsig" \
    < "$statement" > /dev/null || fail "ssh signature of $person"
  signatures=1
fi
if [ -f "$envelope" ]; then
  sed -n 's/.*"payload": "\([^"]*\)".*/\1/p' "$envelope" | openssl base64 -d -A > "$work/payload"
  sed -n 's/.*"sig": "\([^"]*\)".*/\1/p' "$envelope" | openssl base64 -d -A > "$work/sig"
  cmp -s "$work/payload" "$statement" || fail "the envelope signs other bytes than statement.json"
  length=$(wc -c < "$work/payload" | tr -d ' ')
  { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$length"; cat "$work/payload"; } > "$work/pae"
  if openssl pkey -pubin -in "$key" -noout -text | grep -qi ed25519; then
    openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/pae" -sigfile "$work/sig" > /dev/null \
      || fail "DSSE signature"
  else
    openssl dgst -sha256 -verify "$key" -signature "$work/sig" "$work/pae" > /dev/null || fail "DSSE signature"
  fi
  signatures=1
fi
[ "$signatures" = 1 ] || fail "there is no signature of that key"

# The time stamps over the envelope, or without one over the statement with the SSHSIG after it; each at its own time: the
# authority's certificate may have expired since.
if [ -n "$authority" ]; then
  stamped=0
  for token in "$here/$id".*.tsr; do
    [ -f "$token" ] || continue
    case $token in
      "$envelope".*) cat "$envelope" > "$work/seen" ;;
      *) cat "$statement" "$here/$id.sshsig" > "$work/seen" ;;
    esac
    at=$(openssl ts -reply -in "$token" -text 2> /dev/null | sed -n 's/^Time stamp: //p' | sed 's/\.[0-9]* / /')
    seconds=$(date -u -d "$at" +%s 2> /dev/null || date -j -u -f '%b %e %H:%M:%S %Y GMT' "$at" +%s) || fail "$token has no time"
    if openssl ts -verify -data "$work/seen" -in "$token" -CAfile "$authority" -attime "$seconds" > /dev/null 2>&1; then
      echo "seen by the authority: $at"
      stamped=1
    fi
  done
  [ "$stamped" = 1 ] || fail "no time stamp of that authority over the signature of $id"
fi

# From the statement to the core, from the core to the items, from the items to their files.
bundle=$(sha256sum core/SHA256SUMS | cut -c1-64)
sed -n '/"subject"/,/"predicateType"/p' "$statement" | grep -q "\"sha256\": \"$bundle\"" \
  || fail "the statement is about another bundle"
sha256sum --quiet --strict -c core/SHA256SUMS || fail "core"
while read -r manifest; do
  wanted=$(grep "  $manifest\$" core/items.sha256 | cut -c1-64)
  [ -n "$wanted" ] || fail "$manifest is listed nowhere"
  [ "$(sha256sum "$manifest" | cut -c1-64)" = "$wanted" ] || fail "$manifest is not the one that core/items.sha256 commits to"
  sha256sum --quiet --strict -c "$manifest" || fail "$manifest"
  grep -Eqx '[0-9a-f]{64}' "${manifest%/SHA256SUMS}/nonce" || fail "${manifest%/SHA256SUMS} has no nonce"
done < "$work/manifests"

# What is sealed is what a delivery statement names.
find sealed -type f 2> /dev/null | sort > "$work/sealed" || :
while read -r ciphertext; do
  digest=$(sha256sum "$ciphertext" | cut -c1-64)
  grep -l '/delivery/v1"' attestations/*/statement.json | xargs grep -q "\"sha256\": \"$digest\"" 2> /dev/null \
    || fail "$ciphertext is in no delivery statement"
done < "$work/sealed"

# Nothing that no manifest lists.
{
  cut -c67- core/SHA256SUMS
  echo core/SHA256SUMS
  while read -r manifest; do echo "$manifest"; cut -c67- "$manifest"; done < "$work/manifests"
  find attestations -type f
  cat "$work/sealed"
} | sort > "$work/listed"
find . -type f | sed 's,^\./,,' | sort > "$work/present"
cmp -s "$work/listed" "$work/present" \
  || fail "extra or missing files: $(diff "$work/listed" "$work/present" | grep '^[<>]' | head -3)"

# What is not here, and what else was said: read a withdrawal or a supersession before you rely on the bundle.
cut -c67- core/items.sha256 | while read -r manifest; do
  item=${manifest%/SHA256SUMS}
  if [ -e "sealed/${item#items/}.age" ]; then echo "sealed: $item"; elif [ ! -e "$manifest" ]; then echo "withheld: $item"; fi
done
for other in attestations/*/statement.json; do
  [ "$other" != "$statement" ] || continue
  kind=$(sed -n 's,.*"predicateType": "https://compliance-tui.example/attestation/\([a-z-]*\)/v1".*,\1,p' "$other")
  space="$kind.v1@compliance-tui.example"
  by="nobody whom you know for that"
  for signature in "${other%/*}"/*.sshsig; do
    if [ ! -f "$signature" ] || [ -z "$kind" ]; then continue; fi
    ssh-keygen -Y check-novalidate -n "$space" -s "$signature" < "$other" > /dev/null 2>&1 || fail "$signature"
    name=$(ssh-keygen -Y find-principals -s "$signature" -f "$signers" 2> /dev/null) || continue
    ! ssh-keygen -Y verify -f "$signers" -I "$name" -n "$space" -s "$signature" < "$other" > /dev/null 2>&1 || by=$name
  done
  echo "also: ${other%/*} is a ${kind:-statement of another kind}, signed by $by"
done
echo "VERIFIED $bundle"
