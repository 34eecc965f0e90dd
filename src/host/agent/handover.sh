# Handover: `systemctl reload` starts a successor beside the main process, in the same unit. It waits at the upgrade socket;
# only then is the old process told to leave (SIGQUIT), which passes its listening sockets on and finishes what it serves.
# The unit stays what it is: a crash or a boot at any point is an ordinary start of the release that is current.
#
# /run/pdeploy/SVC/INST/handover: `<op> <forth|back> <old pid> <its start> <next pid>`, written before the old is told. Without
# it nobody was told to leave.
read_handover() {
  h_op= h_way= h_old=0 h_start=0 h_next=0
  [ ! -e "${L%/*}/handover" ] || read -r h_op h_way h_old h_start h_next <"${L%/*}/handover" || :
  [ "$h_op" = "$1" ]
}

# Nobody decides about the processes of an instance while another does.
lock_handover() {
  { command exec 7>>"${L%/*}/.handover"; } 2>/dev/null || return 1
  flock -w "$1" 7
}

unlock_handover() { exec 7>&-; }

# Whether the installed unit can start a successor.
hands_over() { grep -Eq '^ExecReload=(/usr/bin/)?setsid --fork ' "$1/unit"; }

# Resident memory of a process in kB, in $rss.
read_rss() {
  rss=0
  while read -r key value _; do
    case $key in VmRSS:)
      rss=$value
      break
      ;;
    esac
  done 2>/dev/null <"/proc/$1/status" || :
}

# Two processes need room for two. kB, of the main process of show_unit.
room_for_two() {
  free=0
  read_rss "$u_pid"
  while read -r key value _; do
    case $key in MemAvailable:)
      free=$value
      break
      ;;
    esac
  done </proc/meminfo
  [ "$free" -ge $((rss * 2)) ]
}

# hand_over forth|back WHILE STOP: as long as the file WHILE is there (- for always). Afterwards $u_pid is the successor; or
# false, and $why.
hand_over() {
  why=
  show_unit
  old=$u_pid
  [ "$old" != 0 ] && [ "$u_active" = active ] && read_start "$old" || {
    why="$unit does not run"
    return 1
  }
  old_start=$start
  group=$(systemctl show -p ControlGroup --value -- "$unit")
  drop_socket
  clock
  born_after=$now
  said=$(timeout 15 systemctl reload -- "$unit" 2>&1) || {
    why="the successor could not be started: $said"
    end_born
    return 1
  }
  await_socket || {
    end_born
    return 1
  }
  arm_leave "$3" || :
  if ! say_told "$1" || { [ "$2" != - ] && [ ! -e "$2" ]; }; then
    rm -f "${L%/*}/handover"
    end_born
    why='it was taken back before the old process was told to leave'
    return 1
  fi
  kill -QUIT "$old" 2>/dev/null || :
  await_taken && adopt
}

# Whoever tells the old process to leave may die of anything at the next step. So this is there before: an old process that is
# the main one still when it ends takes the unit, and with it the successor, along; one that does not leave is to be ended.
arm_leave() {
  systemd-run -q --collect --unit="pdeploy-leave-$op-$old" --on-active=3 --timer-property=AccuracySec=100ms \
    "$LIBEXEC/agent-$AGENT" leave "$svc" "$inst" "$op" "$old" "$old_start" "$handover" $(($1 + 12)) >/dev/null 2>&1
}

say_told() { printf '%s\n' "$op $1 $old $old_start $next" >"${L%/*}/handover"; } 2>/dev/null

# The socket that listens at $handover, in $inode.
socket_of() {
  inode=
  while read -r _ _ _ flags _ _ node path; do
    if [ "$flags" = 00010000 ] && [ "$path" = "$handover" ]; then inode=$node; fi
  done <<EOF
$(grep -F -- " $handover" /proc/net/unix)
EOF
}

# Processes of the unit that were started after $born_after, in $born.
find_born() {
  born=
  for pid in $(cat "/sys/fs/cgroup$group/cgroup.procs" 2>/dev/null || cat "/sys/fs/cgroup/systemd$group/cgroup.procs" 2>/dev/null); do
    if [ "$pid" != "$old" ] && read_start "$pid" && [ "$start" -ge "$born_after" ]; then born="$born $pid"; fi
  done
}

# A successor that came to nothing.
end_born() {
  find_born
  for pid in $born; do kill -KILL "$pid" 2>/dev/null || :; done
  rounds=0
  for pid in $born; do
    while alive "$pid" && [ $rounds -lt 40 ]; do
      rounds=$((rounds + 1))
      sleep 0.05
    done
  done
  drop_socket
}

# A socket file that nobody listens at.
drop_socket() {
  socket_of
  [ -n "$inode" ] || [ ! -S "$handover" ] || rm -f -- "$handover"
}

holds_socket() { [ -n "$(find "/proc/$1/fd" -maxdepth 1 -lname "socket:\[$2\]" 2>/dev/null)" ]; }

# The successor is who waits at the socket, in $next.
await_socket() {
  rounds=0 alone=0
  while [ $rounds -lt 200 ]; do
    rounds=$((rounds + 1))
    find_born
    socket_of
    if [ -n "$inode" ]; then
      for pid in $born; do
        if holds_socket "$pid" "$inode"; then
          next=$pid
          return 0
        fi
      done
    fi
    # The fork comes before its parent's end: where there is nobody, nobody will come.
    if [ -z "$born" ]; then alone=$((alone + 1)); fi
    [ $alone -lt 3 ] || {
      why='the successor ended before it waited for the sockets; the old process was not touched'
      return 1
    }
    sleep 0.05
  done
  why="the successor did not listen at $handover within 10 s; the old process was not touched"
  return 1
}

# It has the sockets when it has closed its own; one that gave up has ended.
await_taken() {
  rounds=0 gone=
  while [ $rounds -lt 200 ]; do
    rounds=$((rounds + 1))
    alive "$next" || {
      why='the successor ended while it took the sockets over'
      return 1
    }
    # Of one that ends, the sockets are gone first.
    if ! holds_socket "$next" "$inode"; then
      [ -z "$gone" ] || return 0
      gone=1
    fi
    sleep 0.05
  done
  why='the old process did not pass its sockets on within 10 s'
  return 1
}

alive() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  case ${line##*) } in Z* | X*) return 1 ;; esac
}

# systemd takes the word of the main process, and root may speak for it.
adopt() {
  NOTIFY_SOCKET=/run/systemd/notify timeout 10 systemd-notify --pid="$old" "MAINPID=$next" 2>/dev/null || :
  rounds=0
  while [ $rounds -lt 100 ]; do
    rounds=$((rounds + 1))
    show_unit
    [ "$u_pid" != "$next" ] || return 0
    sleep 0.05
  done
  why="systemd did not accept pid $next as the main process"
  return 1
}

# Both accept for some seconds, and the old one's answers say nothing about the successor. False when that one has ended.
await_left() {
  [ -n "$listens" ] || return 0
  rounds=0
  while [ $rounds -lt 60 ]; do
    rounds=$((rounds + 1))
    list_listeners
    owned=$(find "/proc/$old/fd" -maxdepth 1 -lname 'socket:*' -printf ' %l ' 2>/dev/null) || owned=
    both=
    while read -r port node; do
      case $owned in *" socket:[$node] "*) both=1 ;; esac
    done <<EOF
$listeners
EOF
    [ -n "$both" ] || return 0
    alive "$next" || return 1
    sleep 0.2
  done
}

# The way back from a handover; false when only a restart is left. Of whom nobody was told to leave, nothing is disturbed.
hand_back() {
  handover=$t_handover
  lock_handover 60 || return 1
  show_unit
  [ "$u_active" = active ] && [ "$u_pid" != 0 ] || return 1
  read_progress "$op"
  if ! read_handover "$op"; then
    old=$u_pid born_after=$p_ticks
    group=$(systemctl show -p ControlGroup --value -- "$unit")
    [ "$p_ticks" = 0 ] || end_born
    read_start "$u_pid" || return 1
    [ "$p_ticks" = 0 ] || [ "$start" -lt "$p_ticks" ]
    return
  fi
  old=$h_old next=$h_next
  if [ "$u_pid" = "$old" ]; then
    read_start "$old" && [ "$start" = "$h_start" ] && socket_of && [ -z "$inode" ] && alive "$next" && adopt || return 1
  fi
  if [ "$h_way" = forth ]; then hand_over back - "$stop" || return 1; else [ "$u_pid" = "$next" ] || return 1; fi
  unlock_handover
  await_left
}

# Called by a timer: leave SERVICE INSTANCE OP PID START SOCKET SECONDS. Sees a handover to its end where its agent cannot, and
# ends an old process that does not leave, as a stop would end it. One that nobody told to leave goes on.
run_leave() {
  op=$3 old=$4 old_start=$5 handover=$6 told=
  place_of "$1" "$2"
  clock
  until=$((now + $7 * 100))
  if lock_handover 30; then
    see_taken || :
    unlock_handover
  fi
  while still_old && [ "$now" -lt "$until" ]; do
    ! was_told || told=1
    sleep 1
    clock
  done
  if [ -n "$told" ] && still_old; then kill -KILL "$old" 2>/dev/null || :; fi
}

# The next handover writes over it.
was_told() { read_handover "$op" && [ "$h_old $h_start" = "$old $old_start" ]; }

still_old() { read_start "$old" && [ "$start" = "$old_start" ]; }

see_taken() {
  was_told || return 0
  next=$h_next
  rounds=0
  while [ $rounds -lt 100 ]; do
    rounds=$((rounds + 1))
    alive "$next" || return 0
    socket_of
    if [ -z "$inode" ]; then
      show_unit
      [ "$u_pid" != "$old" ] || adopt
      return
    fi
    sleep 0.05
  done
}
