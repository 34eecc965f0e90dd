# Signatures. A release that has the file `signature` (minisign) says of its program: service, version, target, sha256.
# Where /etc/pdeploy/policy pins keys, nothing is switched to that one of them has not signed. Nor, signed or not by a
# pinned key, to a version older than one that was proven here. What this host committed before it may go back to.
pin_key() {
  case $1 in RW*[!A-Za-z0-9+/]* | [!R]* | R[!W]*) pin= ;; *) pin=$1 ;; esac
  [ ${#pin} -eq 56 ] || die refused-by-policy "/etc/pdeploy/policy pins something for $svc that is no minisign key"
  pins="$pins $pin "
}

# A config test or a probe starts the signed program and nothing else: it has the rights of the service.
only_signed_programs() {
  set -- $test_argv
  [ $# -eq 0 ] || own_program "$1" '{dir}'
  while read -r _ kind _ word _; do
    [ "$kind" != exec ] || own_program "$word" "/run/pdeploy/$svc/$inst/current"
  done <<EOF
$probes
EOF
}

own_program() {
  untoken "$1"
  case $text in
    "$2/bin/"*) ck_file program "${text#"$2/bin/"}" ;;
    *) die refused-by-policy "this host starts signed programs only, $2/bin/..." ;;
  esac
}

unsigned() { die unsigned "the release is not signed as this host wants it: $1"; }

# accept_release DIRECTORY DIGEST
accept_release() {
  [ -n "$pins" ] || [ -e "$1/signature" ] || return 0
  ! was_committed "$2" || return 0
  known_signature "$2" || read_signature "$1" "$2"
  [ -e "$S/version_mark" ] && read -r mark <"$S/version_mark" || return 0
  older "$s_version" "$mark" || return 0
  [ "$downgrade" = 1 ] || die downgrade "version $s_version is older than $mark, which was proven on this host"
  [ "$policy" = host ] || die refused-by-policy "to go from version $mark to $s_version needs the host policy"
}

# By the records of trials, which nobody but the agent writes: it was the durable release of an instance here.
was_committed() (
  set +f
  grep -qsxF -e "to $1" -e "from $1" "$S"/*/committed.* || grep -qsxF -e "from $1" "$S"/*/rolledback.*
)

# $S/signed_releases has a line `<release> <key or -> <version>` for each that was read already.
known_signature() {
  s_version=
  [ -e "$S/signed_releases" ] || return 1
  while read -r name key version; do
    [ "$name" = "$1" ] || continue
    case $version in '' | *[!0-9.]*) continue ;; esac
    case ${pins:-" $key "} in *" $key "*) s_version=$version ;; esac
  done <"$S/signed_releases"
  [ -n "$s_version" ]
}

# read_signature DIRECTORY DIGEST: all that it says is true of the release, its manifest read back already. In $s_version.
read_signature() {
  one_program "$1"
  [ -f "$1/signature" ] || unsigned 'it has no signature'
  more=
  { IFS= read -r line && IFS= read -r sig && IFS= read -r comment && IFS= read -r global &&
    ! IFS= read -r more && [ -z "$more" ]; } <"$1/signature" ||
    unsigned 'its signature is not the four lines that minisign writes'
  text=${comment#trusted comment: }
  case $line/$comment in 'untrusted comment: '*/"trusted comment: $text") ;; *) unsigned 'its signature is damaged' ;; esac
  key=-
  [ -z "$pins" ] || verify_signature "$1/$program"
  read_facts
  [ "$s_service" = "$svc" ] || unsigned "it is signed for service $s_service"
  [ "$s_sha256" = "$program_sum" ] || unsigned 'it is signed for another program'
  [ "${s_target%%-*}" = "$(uname -m)" ] || unsigned "it is signed for $s_target, this host is $(uname -m)"
  say "$2 $key $s_version" >>"$S/signed_releases"
}

# In $program and $program_sum; nothing else in the release may be started.
one_program() {
  program=
  while read -r sum mode path; do
    case $path in
      bin/*)
        [ -z "$program" ] || unsigned 'one program can be signed, and bin/ has more'
        program=$path program_sum=$sum
        ;;
      *) case $mode in *[1357]*) unsigned "$path can be started, and is not what is signed" ;; esac ;;
    esac
  done <"$1/manifest"
}

# verify_signature PROGRAM: both signatures by a pinned key, in $key.
verify_signature() {
  command -v openssl >/dev/null 2>&1 || unsigned 'there is no openssl here to check it with'
  need_tmp
  V=$tmp/signature
  case $sig$global in *[!A-Za-z0-9+/=]*) unsigned 'its signature is damaged' ;; esac
  { printf %s "$sig" | base64 -d >"$V.raw" && printf %s "$global" | base64 -d >"$V.global"; } 2>/dev/null &&
    [ "$(wc -c <"$V.raw") $(wc -c <"$V.global")" = '74 64' ] || unsigned 'its signature is damaged'
  raw=$(od -An -v -tx1 -N 10 "$V.raw" | tr -d ' \n')
  case $raw in
    4544*) ;;
    4564*) unsigned 'its signature is in the old format: sign again without -l' ;;
    *) unsigned 'its signature is of an unknown algorithm' ;;
  esac
  key=
  for pin in $pins; do
    printf %s "$pin" | base64 -d >"$V.key"
    case $(od -An -v -tx1 -N 10 "$V.key" | tr -d ' \n') in 4564"${raw#4544}") key=$pin ;; esac
    [ -z "$key" ] || break
  done
  [ -n "$key" ] || unsigned 'it is signed with a key that this host does not pin'
  # As openssl wants an Ed25519 key: a fixed head, then the key itself.
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && tail -c 32 "$V.key"; } >"$V.der"
  tail -c 64 "$V.raw" >"$V.sig"
  { cat "$V.sig" && printf %s "$text"; } >"$V.said"
  openssl dgst -blake2b512 -binary -out "$V.sum" "$1" 2>/dev/null && openssl pkeyutl -help 2>&1 | grep -q rawin ||
    unsigned 'openssl is too old here to check it'
  signed_by "$V.sum" "$V.sig" || unsigned 'its signature is not of this program'
  signed_by "$V.said" "$V.global" || unsigned 'the trusted comment was changed'
}

signed_by() {
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$V.der" -rawin -in "$1" -sigfile "$2" >/dev/null 2>&1
}

# The words of the trusted comment, in $s_...
read_facts() {
  s_service= s_version= s_target= s_sha256=
  for word in $text; do
    case $word in
      service=* | version=* | target=* | sha256=*)
        eval "had=\$s_${word%%=*}"
        [ -z "$had" ] || unsigned "its trusted comment says ${word%%=*} twice"
        eval "s_${word%%=*}=\${word#*=}"
        ;;
    esac
  done
  case $s_version in '' | *[!0-9.]* | .* | *. | *..* | *[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]*)
    unsigned 'its trusted comment has no version that can be compared'
    ;;
  esac
}

# older VERSION VERSION: dotted numbers, part by part; what is missing counts as 0.
older() {
  va=$1. vb=$2.
  while [ -n "$va$vb" ]; do
    x=${va%%.*} y=${vb%%.*}
    if [ "${x:-0}" -ne "${y:-0}" ]; then
      [ "${x:-0}" -lt "${y:-0}" ]
      return
    fi
    va=${va#*.} vb=${vb#*.}
  done
  return 1
}

# What was proven is the least that comes after it.
raise_version() {
  pins=
  known_signature "$1" || return 0
  mark=0
  [ ! -e "$S/version_mark" ] || read -r mark <"$S/version_mark"
  older "$mark" "$s_version" || return 0
  say "$s_version" >"$S/version_mark.new"
  mv -T "$S/version_mark.new" "$S/version_mark"
  synced="$synced $S/version_mark"
  tail -n 200 "$S/signed_releases" >"$S/signed_releases.new"
  mv -T "$S/signed_releases.new" "$S/signed_releases"
}
