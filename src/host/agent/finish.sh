# The end of a deployment on this host: nothing of it stays but the release, its mark and the records.
do_finish() {
  need svc epoch dep
  must_lock
  if given_back; then
    unlock
    return 0
  fi
  require_epoch
  step=pending
  set +f
  set -- "$S"/*/pending.*
  set -f
  [ ! -e "$1" ] || die conflict "a trial is pending: ${1##*/pending.}"
  step=commits
  each_instance finish_commits
  synced=$S
  [ -z "$anchor" ] || keep_anchor
  if [ -n "$proven" ]; then
    say "$proven" >"$S/last_good.new"
    mv -T "$S/last_good.new" "$S/last_good"
    raise_version "$proven"
  fi
  [ -z "$anchor$proven" ] || sync $synced
  step=clean
  each_instance prune_records
  collect_releases
  leftovers
  rm -rf -- "$S/undo" "$OPT/$svc/.incoming"
  give_back
  unlock
}

# The newest 500 are enough to find a record that was rewritten.
keep_anchor() {
  say "$dep $anchor" >>"$S/anchors"
  if [ -n "$(find "$S/anchors" -size +180k)" ]; then
    tail -n 500 "$S/anchors" >"$S/anchors.new"
    mv -T "$S/anchors.new" "$S/anchors"
  fi
  synced="$S/anchors $S"
}

# Commits of this deployment that were decided and not carried out.
finish_commits() {
  set +f
  set -- "$I/committed.$dep"-*
  set -f
  for file in "$@"; do
    read_record "$file" && [ -z "$t_done" ] || continue
    sync "$I"
    enabled=
    [ "$t_fresh" = 0 ] || enabled=1
    (op=$t_op late=1 && finish_commit >/dev/null) || die failed "the commit $t_op could not be carried out"
  done
}

# Of agents that were killed.
leftovers() {
  set +f
  set -- "$ROOT/run"/pdeploy.*
  set -f
  [ -e "$1" ] || return 0
  find "$@" -maxdepth 0 -mmin +60 -exec rm -rf -- {} + 2>/dev/null || :
}

each_instance() {
  set +f
  set -- "$1" "$S"/*/
  set -f
  call=$1
  shift
  for dir in "$@"; do
    dir=${dir%/}
    dir=${dir##*/}
    [ "$dir" != undo ] && [ "$dir" != '*' ] || continue
    place "$dir"
    $call
  done
}

# Never goes: what is current or on trial anywhere, what a process still runs, the last good one.
collect_releases() {
  [ -d "$R" ] || return 0
  [ ! -e "$S/last_good" ] || { read -r last <"$S/last_good" && keeps="$keeps $last"; }
  unkept
  [ -n "$rest" ] || return 0
  scan_releases
  used=$(find "$OPT/$svc" "$RUN/$svc" -maxdepth 2 -name current -printf '%l\n' 2>/dev/null | sed 's|.*/||' | tr '\n' ' ')
  set +f
  running=$(find /proc/[0-9]*/exe -maxdepth 0 -lname "$R/*" -printf '%l\n' 2>/dev/null | sed "s|^$R/||; s|/.*||" | tr '\n' ' ')
  set -f
  keeps="$keeps $used $running"
  unkept
  for name in $rest; do
    rm -rf -- "${R:?}/$name"
    say "collected $name"
  done
  renew_stamps
}

# Releases of this host that are not in $keeps, in $rest.
unkept() {
  rest=
  set +f
  set -- "$R"/*/
  set -f
  for dir in "$@"; do
    dir=${dir%/}
    name=${dir##*/}
    case $name in *[!0-9a-f]*) continue ;; esac
    case " $keeps " in *" $name "*) ;; *) rest="$rest $name" ;; esac
  done
}

do_undo() {
  need svc epoch dep
  trap '' HUP PIPE
  must_lock
  require_epoch
  errors=
  undo_deployment
  unlock
  [ -z "$errors" ] || die failed "could not be undone:$errors"
}

undo_deployment() {
  [ -d "$S/undo/$dep" ] || return 0
  policy_undo
  for slot in $(ls -1t "$S/undo/$dep"); do
    [ "$slot" = p ] || undo_slot "$slot"
  done
  undo_slot p
  rmdir "$S/undo/$dep" 2>/dev/null || :
}
