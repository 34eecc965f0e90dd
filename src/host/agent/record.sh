# The record of a trial: $I/pending.<op> while it runs, then committed.<op> or rolledback.<op>. The rename is the
# decision: of two that try, one wins. Nothing is ever appended to a pending record: that could bring it back to life.
write_pending() {
  printf '%s\n' "op $op" "deployment $dep" "epoch $epoch" "from ${from:--}" "to $to" "boot $boot" \
    "deadline $deadline" "fresh $fresh" "volatile $volatile" "was $was" "agent $AGENT" ${handover:+"handover $handover"} >"$I/new.pending"
  mv -T "$I/new.pending" "$I/pending.$op"
  # How earlier trials ended as well: at boot, one that seems to be unfinished would be done over this one.
  set +f
  set -- "$I"/committed.* "$I"/rolledback.*
  set -f
  for file in "$@"; do
    shift
    [ ! -e "$file" ] || set -- "$@" "$file"
  done
  sync "$@" "$I/pending.$op" "$I"
}

# Fields of a record into t_*; false when there is none.
read_record() {
  t_op= t_deployment= t_epoch= t_from= t_to= t_boot= t_deadline=0 t_fresh=0 t_volatile=0 t_was= t_agent= t_handover=
  t_done= t_by= t_restored=
  [ -e "$1" ] || return 1
  while read -r key value; do
    case $key in
      op | deployment | epoch | from | to | boot | deadline | fresh | volatile | was | agent | handover | done | by | restored)
        eval "t_$key=\$value"
        ;;
    esac
  done 2>/dev/null <"$1" || return 1
  t_from=${t_from#-}
}

# The trial that runs on this instance, if any: there is never more than one.
read_pending() {
  set +f
  set -- "$I"/pending.*
  set -f
  read_record "$1"
}

# When the trial's time is over, in $deadline: the record's own, or later after `extend`.
read_deadline() {
  deadline=$t_deadline
  [ ! -e "$I/extended.$t_op" ] || read -r deadline <"$I/extended.$t_op" || :
}

# A trial whose guard should have fired long ago, or of another boot: the guard was lost with the process that was to
# arm it. Whoever finds that goes back in its place.
settle_overdue() {
  read_pending || return 0
  read_deadline
  clock
  boot_id
  [ "$t_boot" != "$boot" ] || [ $now -gt $((deadline + 1000)) ] || return 0
  asked_op=$op
  op=$t_op
  roll_back guard || :
  op=$asked_op
}

# Ways back whose end was never written: whoever died of them, or found no room, must not be repeated over a later trial.
settle_unrestored() {
  set +f
  set -- "$I"/rolledback.*
  set -f
  [ -e "$1" ] || return 0
  for file in $(grep -L '^restored ' -- "$@"); do
    (op=${file##*/rolledback.} && await_restored >/dev/null) || die failed "the way back from ${file##*/rolledback.} could not be ended"
  done
}

# progress: what a pending record cannot hold. `<op> <ticks before the restart> <1 when the restart has ended>`
read_progress() {
  p_op= p_ticks=0 p_done=0
  [ ! -e "$I/progress" ] || read -r p_op p_ticks p_done <"$I/progress" || :
  [ "$p_op" = "$1" ] || p_ticks=0 p_done=0
}

# loaded: the release whose configuration the main process read when it was reloaded, and when. It holds for that process
# alone, `<pid> <start> <digest> <ticks>`; a reboot empties /run.
note_loaded() {
  show_unit
  read_start "$u_pid" || return 0
  say "$u_pid $start $1 $now" >"${L%/*}/loaded"
}

# In $loaded and $loaded_at; empty when the process was not reloaded since it was started.
read_loaded() {
  loaded= loaded_at=
  [ -e "${L%/*}/loaded" ] && read -r l_pid l_start l_digest l_at <"${L%/*}/loaded" || return 0
  [ "$l_pid $l_start" != "$1 $2" ] || loaded=$l_digest loaded_at=$l_at
}

# When a process was started, 1/100 s since boot, in $start.
read_start() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- ${line##*) }
  shift 19
  start=$1
}

# A record of how a trial ended: the last 20 of an instance are kept.
prune_records() {
  set +f
  set -- "$I"/committed.* "$I"/rolledback.*
  set -f
  [ $# -gt 24 ] || return 0
  ls -1t -- "$@" 2>/dev/null | tail -n +21 | while read -r file; do
    old=${file##*/}
    old=${old#*.}
    rm -f -- "$file" "$I/evidence.$old" "$I/extended.$old" "${L%/*}/restored.$old"
  done
}
