# From trial to durable. The rename decides; everything after it can be done again by anybody (finish_commit). So the
# answer does not wait for it: a child of this process goes on, with the lock, and `finish` looks whether it came through.
do_commit() {
  need svc inst epoch dep
  trap '' HUP PIPE
  # A boot that could not end it has started the old release, whatever the controller has seen before.
  settle_overdue
  must_lock
  require_epoch
  step=decide
  mv -T "$I/pending.$op" "$I/committed.$op" 2>/dev/null || [ -e "$I/committed.$op" ] || say_ended
  sync "$I"
  step=finish
  read_record "$I/committed.$op"
  [ -n "$t_done" ] || (finish_commit) </dev/null >/dev/null 2>&1 &
  unlock
  say committed
}

# Commits that were decided and whose child died: a later trial begins from what they made, and must not be undone by them.
carry_out() {
  set +f
  set -- "$I"/committed.*
  set -f
  [ -e "$1" ] || return 0
  for file in $(grep -L '^done ' -- "$@"); do
    read_record "$file"
    sync "$I"
    enabled_now=
    [ "$t_fresh" = 0 ] || enabled_now=1
    (op=${file##*/committed.} enabled=$enabled_now late=1 && finish_commit >/dev/null) || die failed "the commit $t_op could not be carried out"
  done
}

# A boot that could not carry the commit out, for want of room, has started the old release, or nothing.
run_committed() {
  show_unit
  read_runs
  if [ "$u_pid" = 0 ]; then [ "$t_fresh" != 0 ] || return 0; else [ "$runs" != "$t_to" ] && [ "$runs" != - ] || return 0; fi
  systemctl daemon-reload
  timeout $((stop + 15)) systemctl restart -- "$unit" 2>/dev/null || :
}

finish_commit() {
  if [ "$t_volatile" = 1 ]; then
    if [ "$t_fresh" = 2 ]; then
      dep=$t_deployment
      use_undo "a-$t_op"
      n=9200
      record_path "$SYSTEM/$unit"
    fi
    write_durable "$R/$t_to"
    drop_volatile
  fi
  relink "$R/$t_to" "$C"
  write_logrotate "$R/$t_to"
  changed_links=
  [ -z "$enabled" ] || set_enabled "$enabled"
  relink "$C" "$L"
  sync "${C%/*}" $changed_links
  [ -z "$late" ] || run_committed
  [ "$t_fresh" = 0 ] || rm -f "$I/made-unit"
  say 'done 1' >>"$I/committed.$t_op"
  [ "$t_volatile" = 0 ] || reload_later
  stop_guard_later
}
