do_status() {
  need svc inst
  settle_overdue
  if read_record "$I/pending.$op"; then
    read_deadline
    read_progress "$op"
    clock
    left=$((deadline - now))
    [ $left -gt 0 ] || left=0
    say "trial pending $left $p_done"
    return 0
  fi
  if read_record "$I/committed.$op"; then
    [ -n "$t_done" ] || finish_half
    say 'trial committed'
    return 0
  fi
  if read_record "$I/rolledback.$op"; then
    read_unnoted
    say "trial rolledback ${t_by:-controller} ${t_restored:--}"
    say_evidence
    return 0
  fi
  say 'trial none'
}

# A commit that lost its process after the decision.
finish_half() {
  trap '' HUP PIPE
  must_lock
  sync "$I"
  read_record "$I/committed.$op"
  enabled=
  [ "$t_fresh" = 0 ] || enabled=1
  late=1
  [ -n "$t_done" ] || finish_commit
  unlock
}
