# What a round sees, in raw facts. Nothing is judged here.
# begin_samples DIGEST TICKS: the release that should run, and since when (0: whenever).
begin_samples() {
  need binary
  want=$R/$1/bin/$binary want_digest=$1
  since=$2
  good=0 last= last_at=0
  net_ports=
  for port in $listens; do net_ports="$net_ports or sport = :$port"; done
  net_ports=${net_ports# or }
  case "$NL$probes" in *" exec "*) policy_user "$R/$1" ;; esac
}

take_sample() {
  show_unit
  exe=0 fresh=0 missing=-
  if [ "$u_pid" != 0 ]; then
    loaded= loaded_at=
    if read_start "$u_pid"; then
      read_loaded "$u_pid" "$start"
      [ "${loaded_at:-$start}" -lt "$since" ] || fresh=1
    fi
    links=$NL$(find "/proc/$u_pid/exe" "/proc/$u_pid/fd" -maxdepth 1 \( -name exe -o -lname 'socket:*' \) -printf '%l\n' 2>/dev/null || :)$NL
    prove_exe
    missing_listens
  elif [ -n "$listens" ]; then
    set -- $listens
    missing=$*
  fi
  answers=
  if [ -n "$probes" ]; then
    while read -r index kind rest; do
      run_probe $rest
      answers="$answers $index=$answer"
    done <<EOF
${probes%"$NL"}
EOF
  fi
  set -- $missing
  missing=$(IFS=,; printf %s "$*")
  facts="$u_active $u_sub $u_result $u_pid $exe $fresh $u_restarts $missing$answers"
  [ "$exe$fresh$missing" = 11- ] || passed=0
}

# The main process runs the verified file: the same inode, and, as releases may share a file by a link, under the name
# that it has in this release. A process that was reloaded runs the equal file of the release that it was started from.
prove_exe() {
  path=${links#"$NL"}
  path=${path%%"$NL"*}
  if [ -n "$loaded" ]; then
    [ "$loaded" = "$want_digest" ] || return 0
    case $path in "$R"/*"/bin/$binary") exe=1 ;; esac
    return 0
  fi
  [ "/proc/$u_pid/exe" -ef "$want" ] || return 0
  case $path in
    "$want") exe=1 ;;
    "$R"/*) ;;
    *) exe=1 ;;
  esac
}

# Ports that the main process itself does not listen on, in $missing.
missing_listens() {
  [ -n "$listens" ] || return 0
  list_listeners
  missing=
  for port in $listens; do
    found=
    while read -r bound inode; do
      [ "$bound" = "$port" ] || continue
      case $links in *"${NL}socket:[$inode]$NL"*) found=1 ;; esac
    done <<EOF
$listeners
EOF
    [ -n "$found" ] || missing="$missing $port"
  done
  [ -n "$missing" ] || missing=-
}

# $listeners: lines `<port> <inode>`. The kernel filters for ss; /proc/net/tcp lists every connection of the host.
list_listeners() {
  if command -v ss >/dev/null 2>&1; then
    listeners=$(ss -Hltne ${net_ports:+"$net_ports"} 2>/dev/null | while read -r _ _ _ local _ rest; do
      inode=${rest#*ino:}
      printf '%s %s\n' "${local##*:}" "${inode%% *}"
    done)
  else
    listeners=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
      sed -n 's/^ *[0-9]*: [0-9A-F]*:\([0-9A-F]*\) [0-9A-F]*:0000 0A [^ ]* [^ ]* [^ ]* *[0-9]* *[0-9]* \([0-9]*\) .*/0x\1 \2/p' |
      while read -r port inode; do printf '%d %s\n' "$port" "$inode"; done)
  fi
}

# Streams samples for $stream seconds, until the trial is over or nobody reads any more. Quick until the first
# round that looks good, so that a healthy start is seen at once; unchanged bad rounds are told twice a second.
stream_samples() {
  clock
  began=$now
  while :; do
    clock
    at=$now
    passed=1
    take_sample
    if [ "$passed" = 1 ]; then good=1; fi
    if [ "$passed" = 1 ] || [ "$facts" != "$last" ] || [ $((at - last_at)) -ge 50 ]; then
      printf 'sample %s %s\n' "$at" "$facts" 2>/dev/null || { drop_tmp; trap - EXIT; exit 0; }
      last=$facts last_at=$at
    fi
    [ -z "${1:-}" ] || [ -e "$1" ] || return 0
    clock
    [ $((now - began)) -lt $((stream * 100)) ] || return 0
    if [ "$good" = 1 ] || [ $((now - began)) -gt 3000 ]; then
      rest=$((interval - (now - at) * 10))
    elif [ $((now - began)) -gt 300 ]; then
      rest=200
    else
      rest=30
    fi
    [ $rest -le "$interval" ] || rest=$interval
    if [ $rest -gt 0 ]; then
      seconds $rest
      sleep "$secs"
      # A round costs ten processes, and the next host is being switched meanwhile.
      [ -z "${1:-}" ] || [ -e "$1" ] || return 0
    fi
  done
}
