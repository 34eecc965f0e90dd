# Ends what deployments have left here that nobody goes on with. What was decided is carried out; a trial goes back, for
# without its controller nobody can say that it is healthy. Needs the lease, so none of them is at work, and leaves it to who
# has it. May be repeated.
do_settle() {
  need svc epoch dep
  trap '' HUP PIPE
  require_epoch
  errors=
  step=trials
  each_instance settle_instance
  must_lock
  require_epoch
  step=operations
  settle_operations
  step=clean
  each_instance prune_records
  leftovers
  [ -n "$errors" ] || rm -rf -- "$S/undo" "$OPT/$svc/.incoming"
  unlock
  [ -z "$errors" ] || die failed "could not be ended:$errors"
}

settle_instance() {
  set +f
  set -- "$I"/pending.* "$I"/rolledback.* "$I"/committed.*
  set -f
  for file in "$@"; do
    read_record "$file" || continue
    trial=${file##*/}
    trial=${trial#*.}
    case $file in
      */committed.*)
        [ -z "$t_done" ] || continue
        (op=$trial && finish_half) >/dev/null || errors="$errors the commit of $unit;"
        say "settled $inst $t_deployment committed"
        ;;
      *)
        [ -z "$t_restored" ] || continue
        settle_back
        ;;
    esac
  done
}

# The guard may have been first, and may still be at it.
settle_back() {
  (
    op=$trial
    roll_back controller || await_restored
  ) >/dev/null || :
  read_record "$I/rolledback.$trial" || :
  [ "$t_restored" = 1 ] || errors="$errors the way back of $unit;"
  say "settled $inst $t_deployment rolledback"
}

# A host where nothing of a deployment was committed is as it was before it, its host operations too.
settle_operations() {
  asked=$dep
  set +f
  set -- "$S/undo"/*/
  set -f
  for dir in "$@"; do
    dep=${dir%/}
    dep=${dep##*/}
    set +f
    set -- "$S"/*/"committed.$dep"-*
    set -f
    if [ -e "$1" ] || [ "$dep" = '*' ]; then continue; fi
    undo_deployment
  done
  dep=$asked
}
