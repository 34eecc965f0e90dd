# Release directories. `.verified` holds inode, size and ctime of every file, taken after their digests were read back:
# as long as it is the same, nobody has written to them.
stamp() {
  (cd "$1" && find . -type f ! -path ./.verified ! -path ./meta ! -path ./env -printf '%P %i %s %C@\n' | sort)
}

intact() {
  [ -e "$R/$1/.verified" ] || return 1
  stamp "$R/$1" | cmp -s - "$R/$1/.verified"
}

# Digests of the files of a manifest in the form `<sha256> *<path>`, one process for all.
digests() {
  if command -v openssl >/dev/null 2>&1; then
    cut -d' ' -f3 manifest | xargs openssl dgst -sha256 -r --
  else
    cut -d' ' -f3 manifest | xargs sha256sum -b --
  fi
}

# check_manifest DIR: the files are those of the manifest, with its modes and digests, and the manifest is $digest.
check_manifest() {
  set -- $(sha256sum <"$1/manifest")
  [ "$1" = "$digest" ] || die verify-failed 'the manifest is not the one that was announced'
  if grep -Evq '^[0-9a-f]{64} 0[0-7]{3} [A-Za-z0-9_][A-Za-z0-9._@+=,~-]*(/[A-Za-z0-9_][A-Za-z0-9._@+=,~-]*)*$' manifest; then
    die verify-failed 'the manifest has a line that is not allowed'
  fi
  if grep -Eq ' (meta|env|manifest)$' manifest; then die verify-failed 'the manifest uses a reserved name'; fi
  fill_from
  find . -type f ! -path ./manifest -printf '%#m %P\n' | sort -k2 >"$tmp/have"
  cut -d' ' -f2,3 manifest | sort -k2 | cmp -s - "$tmp/have" ||
    die verify-failed 'the files or their modes are not those of the manifest'
  digests >"$tmp/digests" || die verify-failed 'the files could not be read back'
  sed 's/^\([0-9a-f]*\) [0-7]* /\1 */' manifest | cmp -s - "$tmp/digests" ||
    die verify-failed 'a file arrived damaged'
}

# Files that another release of this host has already are copied here instead of being sent. Their digests are read back
# like those of all others.
fill_from() {
  [ -n "$reuse" ] || return 0
  intact "$reuse" || die not-found "release $reuse is not on the host any more"
  while read -r _ _ path; do
    [ ! -e "$path" ] || continue
    case $path in */*) mkdir -p -- "${path%/*}" ;; esac
    cp -p --reflink=auto -- "$R/$reuse/$path" "$path" 2>/dev/null || die not-found "release $reuse has no $path to take over"
  done <manifest
}
