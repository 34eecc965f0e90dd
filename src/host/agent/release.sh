# Release directories. `.verified` holds inode, size and ctime of every file, taken after their digests were read back:
# as long as it is the same, nobody has written to them. In the order of the directories, which is theirs to change.
stamp() {
  (cd "$1" && find . -type f ! -path ./.verified ! -path ./meta ! -path ./env -printf '%P %i %s %C@\n')
}

# A link to one of its files from elsewhere changes a ctime too: then the digests speak, and the stamp is taken anew.
intact() {
  [ -e "$R/$1/.verified" ] || return 1
  ! stamp "$R/$1" | cmp -s - "$R/$1/.verified" || return 0
  digests_hold "$1" || return 1
  stamp "$R/$1" >"$R/$1/.verified"
}

digests_hold() (
  tmp='' reuse='' digest=$1
  cd "$R/$1" && [ -f manifest ] || exit 1
  listing=$(find . -mindepth 1 ! -path ./.verified ! -path ./meta ! -path ./env -printf '%y %#m release/%P\n' | sort -k3)
  check_manifest >/dev/null
)

stamps() {
  (cd "$R" && find . -mindepth 2 -type f ! -name .verified ! -path './*/meta' ! -path './*/env' -printf '%P %i %s %C@\n')
}

# The releases whose stamp holds, in $whole: one find for all of them.
scan_releases() {
  whole=
  set +f
  set -- "$R"/*/.verified
  set -f
  [ -e "$1" ] || return 0
  now_stamp=$NL$(stamps)$NL
  for file in "$@"; do
    name=${file%/.verified}
    name=${name##*/}
    same=1
    while IFS= read -r line; do
      line=$NL$name/$line$NL
      case $now_stamp in
        *"$line"*) now_stamp=${now_stamp%%"$line"*}$NL${now_stamp#*"$line"} ;;
        *) same=0 ;;
      esac
    done <"$file"
    case $now_stamp in *"$NL$name/"*) same=0 ;; esac
    [ $same = 0 ] || whole="$whole $name"
  done
}

# After a link was made or removed: the stamps of those that were whole before. What a crash leaves undone, the digests
# make good.
renew_stamps() {
  [ -n "$whole" ] || return 0
  name=
  IFS=$NL
  set -- $(stamps)
  unset IFS
  for line in "$@"; do
    if [ "$name" != "${line%%/*}" ]; then
      write_stamp
      name=${line%%/*} text=
    fi
    text=$text${line#*/}$NL
  done
  write_stamp
}

write_stamp() {
  [ -n "$name" ] || return 0
  case " $whole " in *" $name "*) printf %s "$text" >"$R/$name/.verified" ;; esac
}

# with_names COMMAND...: runs it with $names at its end, in one process as long as that is sure to fit.
with_names() {
  if [ ${#names} -lt 65536 ]; then "$@" $names; else printf '%s\n' $names | xargs "$@"; fi
}

digests() {
  if command -v openssl >/dev/null 2>&1; then with_names openssl dgst -sha256 -r --; else with_names sha256sum -b --; fi
}

# In the directory of what was sent: the files are those of the manifest, with its modes and digests, and the manifest is
# $digest. $listing says what tar made of the payload.
check_manifest() {
  read_manifest
  have= dirs=
  # Not by `read`: that takes a system call a byte.
  IFS=$NL
  set -- $listing
  unset IFS
  for line in "$@"; do
    case $line in *' release/manifest') continue ;; *' release/'*) ;; *) continue ;; esac
    case $line in
      'f '*)
        line=${line#f }
        have="$have${line% *} ${line#* release/}$NL"
        ;;
      'd 0755 '*) dirs="$dirs ${line#* release/}" ;;
      *) die verify-failed 'a directory has an odd mode, or something is not a file' ;;
    esac
  done
  [ "$have" = "$want" ] || die verify-failed 'the files or their modes are not those of the manifest'
  names="manifest $sent"
  sums=$(digests) || die verify-failed 'the files could not be read back'
  [ "${sums%%"$NL"*}" = "$digest *manifest" ] || die verify-failed 'the manifest is not the one that was announced'
  [ "$sums$NL" = "$digest *manifest$NL$want_sums" ] || die verify-failed 'a file arrived damaged'
}

# What should have been sent: $want has modes and names, $want_sums digests, $sent the names. $unsent has the lines of
# files that another release of this host has.
read_manifest() {
  want= want_sums= sent= unsent= private=
  while IFS= read -r line; do
    path=${line#* * }
    mode=${line#* } mode=${mode%% *}
    sum=${line%% *}
    case $path/ in
      manifest/ | meta/ | env/) die verify-failed 'the manifest uses a reserved name' ;;
      *[!A-Za-z0-9._@+=,~/-]* | [!A-Za-z0-9_]* | */[!A-Za-z0-9_]*) sum= ;;
    esac
    case $sum in *[!0-9a-f]*) sum= ;; esac
    case $mode in 0[0-7][0-7][0-7]) ;; *) sum= ;; esac
    [ ${#sum} -eq 64 ] && [ "$line" = "$sum $mode $path" ] ||
      die verify-failed 'the manifest has a line that is not allowed'
    if [ -n "$reuse" ] && [ ! -e "$path" ]; then
      unsent="$unsent$line$NL"
      continue
    fi
    case $mode in 0??[4567]) ;; *) private=1 ;; esac
    want="$want$mode $path$NL"
    want_sums="$want_sums$sum *$path$NL"
    sent="$sent $path"
  done <manifest
}

# Files that another release of this host has already are not sent. They are linked: the digest of such a file was read
# back when it came, and its stamp still holds.
link_unsent() {
  [ -n "$unsent" ] || return 0
  scan_releases
  case " $whole " in
    *" $reuse "*) ;;
    *) intact "$reuse" || die not-found "release $reuse is not on the host any more" ;;
  esac
  theirs=$NL$(cat "$R/$reuse/manifest")$NL
  while read -r sum mode path; do
    case $theirs in
      *"$NL$sum $mode $path$NL"*) ;;
      *) die not-found "release $reuse has no $path to take over" ;;
    esac
    case $path in */*)
      [ -d "${path%/*}" ] || mkdir -p -- "${path%/*}"
      dirs="$dirs ${path%/*}"
      ;;
    esac
    ln -- "$R/$reuse/$path" "$path" || die failed "$path could not be taken over from release $reuse"
  done <<EOF
${unsent%"$NL"}
EOF
  renew_stamps
}
