# Everything about a host in one call and few processes.
do_observe() {
  need svc
  set -f
  # First: whatever happens while the rest is looked at, happens under an epoch after this one.
  step=lease
  look_at_lease
  [ -z "$held" ] || say_lease
  say "epoch $last"
  step=facts
  say_facts
  step=units
  say_units
  step=releases
  say_releases
  step=queries
  say_answers
}

say_facts() {
  # `read` takes one byte at a time, which numbers below /proc/sys do not allow.
  set -- $(cat /proc/sys/fs/nr_open /proc/sys/kernel/osrelease /proc/sys/kernel/arch 2>/dev/null)
  nr_open=$1
  say "fact arch ${3:-$(uname -m)}"
  say "fact kernel $2"
  os=
  while IFS='=' read -r key value; do
    case $key in PRETTY_NAME) os=${value#\"} os=${os%\"} ;; esac
  done <"$ROOT/etc/os-release"
  say "fact os $os"
  set +f
  set -- /usr/lib/systemd/libsystemd-shared-*.so /usr/lib/*/systemd/libsystemd-shared-*.so
  set -f
  version=
  for file in "$@"; do
    [ ! -e "$file" ] || version=${file##*-shared-}
  done
  version=${version%%[!0-9]*}
  [ -n "$version" ] || version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  say "fact systemd $version"
  say "fact libc $(getconf GNU_LIBC_VERSION 2>/dev/null || :)"
  boot_id
  say "fact boot $boot"
  read -r cpus </sys/devices/system/cpu/online || cpus=0
  say "fact cpus $cpus"
  while read -r key value _; do
    case $key in MemAvailable:)
      say "fact memory $value"
      break
      ;;
    esac
  done </proc/meminfo
  disk=$OPT
  while [ ! -d "$disk" ]; do disk=${disk%/*}; [ -n "$disk" ] || disk=/; done
  say "fact disk $(stat -f -c '%a %S %d' -- "$disk")"
  tools=
  for tool in zstd curl openssl logrotate bash ss; do
    ! command -v $tool >/dev/null 2>&1 || tools="$tools $tool"
  done
  say "fact tools$tools"
  say "fact policy $policy"
  mark=-
  [ ! -e "$S/version_mark" ] || read -r mark <"$S/version_mark"
  say "fact signing $mark$pins"
  hard=0 caps=0
  while read -r a b c d e _; do
    [ "$a $b $c" != 'Max open files' ] || hard=$e
  done </proc/1/limits
  while read -r key value; do
    [ "$key" != CapEff: ] || caps=$value
  done </proc/1/status
  say "fact nofile $nr_open $hard $caps"
  clock
  say "fact uptime $now"
  say "fact clock $(date +%s.%N)"
}

# One systemctl for all units, one find for all links, one sha256sum for all unit files.
say_units() {
  [ -n "$instances" ] || return 0
  names= paths= files=
  for inst in $instances; do
    place "$inst"
    names="$names $unit"
    paths="$paths $C"
    [ ! -f "$SYSTEM/$unit" ] || files="$files $SYSTEM/$unit"
  done
  shown=$(systemctl show -p Id,ActiveState,SubState,MainPID,NRestarts,ExecMainStartTimestampMonotonic -- $names 2>/dev/null) || shown=
  while IFS='=' read -r key value; do
    case $key in MainPID) [ "$value" = 0 ] || paths="$paths /proc/$value/exe" ;; esac
  done <<EOF
$shown
EOF
  links=$NL$(find $paths -maxdepth 0 -printf '%p %l\n' 2>/dev/null || :)$NL
  shas=
  [ -z "$files" ] || shas=$NL$(sha256sum -- $files 2>/dev/null || :)$NL
  half_committed
  id= a_state=inactive s_state=dead pid=0 restarts=0 started=0
  while IFS='=' read -r key value; do
    case $key in
      Id) id=$value ;;
      ActiveState) a_state=$value ;;
      SubState) s_state=$value ;;
      MainPID) pid=$value ;;
      NRestarts) restarts=$value ;;
      ExecMainStartTimestampMonotonic) started=$value ;;
      '') say_unit ;;
    esac
  done <<EOF
$shown
EOF
  [ -z "$id" ] || say_unit
}

# Records of commits whose child is still at work, or was killed, in $half.
half_committed() {
  half=
  set +f
  set -- "$S"/*/committed.*
  set -f
  [ ! -e "$1" ] || half=$(grep -L '^done ' -- "$@") || :
}

say_unit() {
  place_unit "$id"
  id=
  current=- exe=- sha=-
  case $links in *"$NL$C "*)
    current=${links#*"$NL$C "}
    current=${current%%"$NL"*}
    current=${current##*/}
    ;;
  esac
  # A commit that was decided is carried out by whoever comes next, before anything else.
  for file in $half; do
    case $file in "$I"/*)
      read_record "$file"
      current=$t_to
      ;;
    esac
  done
  case $links in *"$NL/proc/$pid/exe "*)
    exe=${links#*"$NL/proc/$pid/exe "}
    exe=${exe%%"$NL"*}
    case $exe in *' '*) exe=- ;; esac
    ;;
  esac
  if [ "$pid" != 0 ] && read_start "$pid"; then
    read_loaded "$pid" "$start"
    [ -z "$loaded" ] || case $exe in "$R"/*/bin/*) exe=$R/$loaded/bin/${exe##*/} ;; esac
  fi
  case $shas in *"  $SYSTEM/$unit$NL"*)
    sha=${shas%%"  $SYSTEM/$unit$NL"*}
    sha=${sha##*"$NL"}
    ;;
  esac
  # systemd remembers what it knew of a loaded unit; the links are the truth.
  enabled=0
  set +f
  for link in "$SYSTEM"/*.wants/"$unit" "$SYSTEM"/*.requires/"$unit"; do
    [ ! -L "$link" ] || enabled=1
  done
  set -f
  say "unit $inst ${current:--} $a_state $s_state $pid ${restarts:-0} $enabled ${started:-0} ${exe:--} $sha"
  if [ "$memory" = 1 ] && [ "$pid" != 0 ]; then
    read_rss "$pid"
    say "rss $inst $rss"
  fi
  if read_pending; then say "trial $inst $t_op ${t_from:--} $t_to"; fi
  pid=0 restarts=0 started=0
}

place_unit() {
  inst=${1#*@}
  place "${inst%.service}"
}

# Every release with its metadata, and whether its files are still those that were verified.
say_releases() {
  [ -d "$R" ] || return 0
  scan_releases
  set +f
  set -- "$R"/*/.verified
  set -f
  [ -e "$1" ] || return 0
  for file in "$@"; do
    dir=${file%/.verified}
    name=${dir##*/}
    verified=1
    case " $whole " in *" $name "*) ;; *) digests_hold "$name" || verified=0 ;; esac
    meta={}
    [ ! -e "$dir/meta" ] || read -r meta <"$dir/meta" || :
    say "release $name $verified $meta"
  done
}
