# Going back: one code path for the controller, the guard and the boot. The rename decides who does it.
do_rollback() {
  need svc inst epoch dep
  trap '' HUP PIPE
  step=lease
  require_epoch
  step=decide
  if roll_back controller; then
    say_evidence
    say "restored ${t_from:--}"
    watch_old
    return 0
  fi
  if [ -e "$I/rolledback.$op" ]; then
    step=repeat
    await_restored || die conflict 'the rollback is still going on'
    say_evidence
    [ "$t_restored" != 0 ] || die failed 'the old release did not start again'
    say "by $t_by"
    say "restored ${t_from:--}"
    watch_old
    return 0
  fi
  if [ -e "$I/committed.$op" ]; then
    take_back
    return 0
  fi
  never_begun
}

# The request to begin it may still be on its way, or wait for the lock: it has to find that it was taken back.
never_begun() {
  must_lock
  if [ -e "$I/pending.$op" ] || [ -e "$I/rolledback.$op" ] || [ -e "$I/committed.$op" ]; then
    unlock
    do_rollback
    return 0
  fi
  [ -d "$I" ] || mkdir -p "$I"
  printf '%s\n' "op $op" "deployment $dep" 'by controller' 'restored 1' >"$I/new.rolledback"
  mv -T "$I/new.rolledback" "$I/rolledback.$op"
  die not-found "there is no trial $op on $unit"
}

# False when somebody else was first. Otherwise the old release was restarted, or this does not return.
roll_back() {
  mv -T "$I/pending.$op" "$I/rolledback.$op" 2>/dev/null || return 1
  note "by $1"
  # Who finds the rename may be faster to the lock: what it has brought back is not restarted once more.
  await_restored "$1" || go_back "$1"
  [ "$1" = controller ] && [ "$t_restored" = 0 ] || return 0
  say_evidence
  die failed 'the old release did not start again'
}

# Beside the rename all that is written is told for others: on a full disk the old release comes back without.
note() { say "$1" >>"$I/rolledback.$op" || :; } 2>/dev/null

# What no disk had room for is known in /run, until a boot: the old release must not be restarted for a second time.
note_restored() {
  note "restored $1"
  read_record "$I/rolledback.$op"
  [ -n "$t_restored" ] || say "$1" >"${L%/*}/restored.$op"
} 2>/dev/null

read_unnoted() {
  [ -z "$t_restored" ] && [ -e "${L%/*}/restored.$op" ] || return 0
  read -r restored <"${L%/*}/restored.$op" || :
  note_restored "${restored:-0}"
  t_restored=${restored:-0}
}

# Held as long as a rollback works: who gets it and finds no `restored` line has to do it again.
restore_lock() {
  { command exec 8>>"$I/.restore"; } 2>/dev/null || return 0
  flock -w "$1" 8
}

# Whoever was first may still be at it, or has died of it. In $t_restored is how it ended. By $1 where no record says it.
await_restored() {
  restore_lock 120 || return 1
  read_record "$I/rolledback.$op"
  read_unnoted
  [ -n "$t_restored" ] || go_back "${t_by:-${1:-controller}}"
}

go_back() {
  # A switch that hangs while it holds the lock must not keep the old release from coming back.
  lock 15 || :
  read_record "$I/rolledback.$op"
  sync "$I"
  dep=$t_deployment errors=
  step=evidence
  # Where somebody has begun, the unit may be gone from /run and systemd not know it yet.
  if [ -e "$I/evidence.$op" ]; then need_reload=1; elif [ "$1" != reboot ]; then note_state; fi
  step=restore
  restore
  unlock
  step=restart
  restored=1
  [ "$1" = reboot ] || restart_old || restored=0
  note_restored "$restored"
  t_by=$1 t_restored=$restored
  stop_guard_later
  [ "$1" = controller ] || return 0
  [ $restored = 0 ] || [ -n "$errors" ] || return 0
  say_evidence
  [ $restored = 1 ] || die failed "release ${t_from:-none} did not start again${errors:+; not undone:$errors}"
  die failed "not undone:$errors"
}

# Links, unit files and host operations as they were; nothing is restarted here. May be repeated.
restore() {
  if [ -n "$t_from" ]; then
    if [ "$(readlink "$C")" != "$R/$t_from" ] && [ -d "$R/$t_from" ]; then relink "$R/$t_from" "$C"; fi
  elif [ "$t_fresh" != 0 ] && [ -L "$C" ]; then
    # A first install that was committed and is taken back, maybe by the second who tries.
    rm -f -- "$C"
    sync "${C%/*}"
  fi
  relink "$C" "$L"
  if [ -e "$CONTROL/$unit" ]; then
    drop_volatile
    need_reload=1
  fi
  if [ "$t_fresh" = 1 ]; then
    [ "$t_by" = reboot ] || systemctl stop -- "$unit" 2>/dev/null || :
    drop_durable "$R/$t_to"
    rm -f "$I/made-unit"
    need_reload=1
  fi
  undo_slot "a-$t_op" >/dev/null
  [ -z "$need_reload" ] || systemctl daemon-reload || :
}

restart_old() {
  [ -z "$t_handover" ] || ! hand_back || return 0
  systemctl reset-failed -- "$unit" 2>/dev/null || :
  case $t_fresh in
    1) return 0 ;;
    2)
      case $t_was in active | activating | reloading) ;; *)
        systemctl stop -- "$unit" 2>/dev/null
        return 0
        ;;
      esac
      ;;
  esac
  systemctl restart -- "$unit" 2>/dev/null
}

# A committed first install can be taken back too: there is no older release that a new trial could go to.
take_back() {
  must_lock
  read_record "$I/committed.$op"
  [ "$t_fresh" != 0 ] || die conflict 'the trial is committed; activate the release before it instead'
  [ -n "$t_done" ] || finish_commit
  current=$(readlink "$C") || current=
  [ "${current##*/}" = "$t_to" ] || die conflict 'the trial is committed and another release followed'
  [ "$dep" = "$t_deployment" ] || die conflict 'the trial belongs to an earlier deployment'
  mv -T "$I/committed.$op" "$I/rolledback.$op"
  note 'by controller'
  errors=
  note_state
  changed_links=
  if [ "$t_fresh" = 1 ]; then
    set_enabled 0
  fi
  sync "$I" $changed_links
  need_reload=1
  restore
  unlock
  restored=1
  restart_old || restored=0
  note "restored $restored"
  say_evidence
  [ $restored = 1 ] || die failed 'the unit that was there before did not start again'
  say 'restored -'
}

# Evidence, taken before anything is touched: state, main process, listening ports, the release that it runs.
note_state() {
  seen_at=$(date +%s.%2N)
  clock
  note_switch
  show_unit
  ports=
  read_runs
  if [ "$u_pid" != 0 ]; then
    net_ports=
    list_listeners
    owned=$(find "/proc/$u_pid/fd" -maxdepth 1 -lname 'socket:*' -printf ' %l ' 2>/dev/null) || owned=
    while read -r port inode; do
      case $owned in *" socket:[$inode] "*) ports="$ports,$port" ;; esac
    done <<EOF
$listeners
EOF
  fi
  ports=${ports#,}
  {
    say "evidence $u_active/$u_sub $u_result $u_pid $u_restarts ${ports:--} $runs"
    # A successor has the invocation of the unit, which began with the old process: what counts is since the switch.
    [ -z "$t_handover" ] || [ "$u_restarts" != 0 ] || u_restarts=1
    [ -z "$u_invocation" ] || say "logs $u_invocation $seen_at ${switched_at:--} $u_exec $u_restarts"
  } 2>/dev/null >"$I/evidence.$op" || :
}

# When the trial was switched to, by the clock that the journal goes by; nothing where that is not known.
note_switch() {
  read_progress "$op"
  switched_at=
  [ "$p_ticks" != 0 ] || return 0
  cs=1${seen_at#*.}
  cs=$((${seen_at%.*} * 100 + cs - 100 - (now - p_ticks)))
  switched_at=$((cs / 100)).$((cs % 100 / 10))$((cs % 10))
}

# The release that the main process of show_unit runs, in $runs; `-`: none of ours.
read_runs() {
  runs=-
  [ "$u_pid" != 0 ] || return 0
  exe=$(readlink "/proc/$u_pid/exe") || exe=
  case $exe in "$R"/*/bin/*)
    runs=${exe#"$R/"}
    runs=${runs%%/*}
    ;;
  esac
  read_start "$u_pid" || return 0
  read_loaded "$u_pid" "$start"
  runs=${loaded:-$runs}
}

say_evidence() {
  [ -e "$I/evidence.$op" ] || return 0
  while read -r kind rest; do
    case $kind in
      evidence) say "evidence $rest" ;;
      logs) say_logs $rest ;;
    esac
  done <"$I/evidence.$op"
}

# From the journal each time: a service may say its secrets, and they are not to be kept in a second place. What the stop
# itself said does not count. Of a unit that was started over and over, what all of its starts said: the newest may not
# have come to anything yet. Of a process that ended at once the journal may know nothing but the number.
say_logs() {
  if [ "${3:--}" = - ]; then
    set -- "$2" "_SYSTEMD_INVOCATION_ID=$1" + "INVOCATION_ID=$1"
  elif [ "${5:-0}" = 0 ]; then
    set -- "$2" --since "@$3" "_SYSTEMD_INVOCATION_ID=$1" + "INVOCATION_ID=$1" + "_PID=${4:-0}"
  else
    set -- "$2" --since "@$3" "_SYSTEMD_UNIT=$unit" + "UNIT=$unit" + "_PID=${4:-0}"
  fi
  until=$1
  shift
  # Not -n: with --until it counts from the end of the journal and finds nothing (systemd 252).
  timeout 5 journalctl -q -o cat --no-pager --until "@$until" "$@" 2>/dev/null |
    tail -n 20 | cut -c1-2000 | sed 's/^/log /' 2>/dev/null || :
}

watch_old() {
  [ "$stream" -gt 0 ] && [ -n "$t_from" ] || return 0
  # Who went back may have had no reason to wait for it.
  if [ -n "$t_handover" ] && read_handover "$op" && [ "$h_way" = back ]; then
    old=$h_old next=$h_next
    await_left || :
  fi
  begin_samples "$t_from" 0
  stream_samples
}
