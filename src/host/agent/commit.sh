# From trial to durable. The rename decides; everything after it can be done again by anybody (finish_commit). So the
# answer does not wait for it: a child of this process goes on, with the lock, and `finish` looks whether it came through.
do_commit() {
  need svc inst epoch dep
  trap '' HUP PIPE
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
  [ "$t_fresh" = 0 ] || rm -f "$I/made-unit"
  say 'done 1' >>"$I/committed.$t_op"
  [ "$t_volatile" = 0 ] || reload_later
  stop_guard_later
}
