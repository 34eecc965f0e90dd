# The switch of one instance. Order: record, guard, changes, restart. From the record on, a crash at any point leads
# back to the old release: by the guard, or by a boot.
do_activate() {
  need svc inst epoch dep to binary
  trap '' HUP PIPE
  clock
  asked=$now
  if [ -d "$I" ]; then
    settle_overdue
    settle_unrestored
  fi
  must_lock
  require_epoch
  carry_out
  join_trial
  step=checks
  boot_id
  clock
  deadline=$((now + guard * 100))
  # Arming takes as long as all the checks: both go on at once, and nothing is changed before both are done.
  arm_guard "$guard" '' 9>&- &
  arming=$!
  check_switch
  step=record
  write_pending
  step=guard
  if ! wait "$arming"; then
    rm -f "$I/pending.$op"
    die failed 'the guard could not be armed; nothing was changed'
  fi
  arming=
  say "armed $guard"
  step=operations
  use_undo "a-$op"
  if [ -n "$ops" ]; then
    need_tmp
    in=$tmp
    unpack
    guarded=1
    apply_ops "$in/op"
  fi
  still_pending
  step=switch
  if [ "$volatile" = 1 ]; then
    write_volatile "$R/$to"
    reload
  fi
  clock
  switched=$now
  say "$op $switched 0" >"$I/progress"
  relink "$R/$to" "$L"
  still_pending
  unlock
  step=restart
  if [ "$reload" = 1 ]; then
    reload_unit
  elif [ -n "$handover" ]; then
    start_successor
  else
    restart_unit
  fi
  clock
  if [ -e "$I/pending.$op" ]; then say "$op $switched 1" >"$I/progress"; fi
  say "switched $(((now - asked) * 10))"
  step=samples
  watch_trial "$switched"
}

restart_unit() { timeout $((stop + 15)) systemctl restart -- "$unit" 2>/dev/null || start_again; }

start_successor() {
  failed=
  lock_handover 30 || die failed 'another handover of this instance is still going on'
  hand_over forth "$I/pending.$op" "$stop" || failed=1
  # Who goes back waits for this lock, and is waited for.
  unlock_handover
  still_pending
  if [ -n "$failed" ]; then
    [ "$cold" = 1 ] || die failed "$why"
    restart_unit
    return 0
  fi
  say "handed $old $next"
  await_left || [ "$cold" = 1 ] || die failed 'the successor ended soon after it had taken the sockets over'
}

# A unit that was started often is refused by its start limit. What it did before says nothing about this release. One
# that had failed before keeps its result (systemd 252), but a start of ours would have set its restarts to 0.
start_again() {
  show_unit
  case $u_result/$u_active/$u_restarts in
    start-limit-hit/* | */failed/[1-9]*) ;;
    *) return 0 ;;
  esac
  systemctl reset-failed -- "$unit" 2>/dev/null || return 0
  timeout "$stop" systemctl start -- "$unit" 2>/dev/null || :
}

reload_unit() {
  why=$(timeout $((stop + 15)) systemctl reload -- "$unit" 2>&1) || die failed "$unit could not be reloaded: $why"
  clock
  note_loaded "$to"
}

# A retry joins what is going on, or hears how it ended.
join_trial() {
  if read_pending; then
    [ "$t_op" = "$op" ] || die conflict "trial $t_op is pending on $unit"
    unlock
    read_progress "$op"
    to=$t_to
    watch_trial "$p_ticks"
  fi
  [ ! -e "$I/committed.$op" ] || say_ended
  [ ! -e "$I/rolledback.$op" ] || say_ended
}

check_switch() {
  if [ -n "$from" ]; then [ "$C" -ef "$R/$from" ]; else [ ! -L "$C" ]; fi || {
    current=$(readlink "$C") || current=none
    die conflict "$unit is on release ${current##*/}, not ${from:-none}"
  }
  intact "$to" || die not-found "release $to is not on the host, or was changed since it was verified"
  [ -x "$R/$to/bin/$binary" ] || bad 'the release has no such binary'
  accept_release "$R/$to" "$to"
  policy_unit "$R/$to"
  [ -d "$I" ] || mkdir -p "$I"
  [ -d "${C%/*}" ] || mkdir -p "${C%/*}"
  [ -d "${L%/*}" ] || mkdir -p "${L%/*}"
  # fresh: 1 the unit is ours and new, going back removes it; 2 somebody's unit is taken over, going back restores it.
  fresh=0 volatile=0 was=-
  same_unit "$R/$to" || volatile=1
  check_reload "$R/$to"
  check_handover "$R/$to"
  [ -z "$from" ] || return 0
  fresh=1
  if [ -e "$SYSTEM/$unit" ] && [ ! -e "$I/made-unit" ]; then
    fresh=2
    show_unit
    was=$u_active
  fi
}

# A reload reads the configuration again and nothing else.
check_reload() {
  [ "$reload" = 1 ] || return 0
  [ -n "$from" ] && [ "$volatile" = 0 ] && [ "$(fixed_part "$R/$from")" = "$(fixed_part "$1")" ] ||
    die conflict 'more than the configuration differs, a reload is not enough'
}

check_handover() {
  [ -n "$handover" ] || return 0
  case $handover in "/run/$svc/"*) ;; *) bad handover ;; esac
  why=
  show_unit
  if [ -z "$from" ] || [ "$volatile" = 1 ] || ! hands_over "$1"; then
    why='the unit that runs cannot start a successor'
  elif [ "$u_active" != active ] || [ "$u_pid" = 0 ]; then
    why="$unit is $u_active, there is nobody to take the sockets over from"
  elif ! room_for_two; then
    why="the memory is too short for two processes: $free kB are free, and $unit has $rss kB"
  fi
  [ -n "$why" ] || return 0
  [ "$cold" = 1 ] || die conflict "$why"
  handover=
}

fixed_part() { grep -E ' (bin/.*|unit|dropins/.*)$' "$1/manifest"; }

watch_trial() {
  if [ "$stream" -gt 0 ]; then
    begin_samples "$to" "$1"
    stream_samples "$I/pending.$op"
  fi
  still_pending
  finish_ok
}

still_pending() { [ -e "$I/pending.$op" ] || say_ended; }

# The trial is not pending any more.
say_ended() {
  if [ -e "$I/committed.$op" ]; then
    say committed
    finish_ok
  fi
  if [ -e "$I/rolledback.$op" ]; then
    # It is not back before the old release was started again, and who goes back needs the lock.
    unlock
    await_restored || die failed 'the trial is still being rolled back'
    [ "$t_restored" != 0 ] || die failed 'the trial was rolled back, and the old release did not start again'
    die rolledback 'the trial was rolled back'
  fi
  die not-found "there is no trial $op on $unit"
}

do_watch() {
  need svc inst to binary stream
  trap '' HUP PIPE
  policy_unit "$R/$to"
  read_progress "$op"
  begin_samples "$to" "$p_ticks"
  if [ -e "$I/pending.$op" ]; then
    stream_samples "$I/pending.$op"
    still_pending
  else
    stream_samples
  fi
}
