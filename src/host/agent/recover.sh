# At boot, before the services: trials of an earlier boot are over. /run is empty and current was never moved, so the
# old release starts by itself; what is left is to say so, and to finish commits that were decided.
run_recover() {
  boot_id
  set +f
  set -- "$VAR"/*/
  set -f
  for service_dir in "$@"; do
    service_dir=${service_dir%/}
    [ -d "$service_dir" ] || continue
    place_of "${service_dir##*/}" -
    each_instance recover_instance
  done
}

recover_instance() {
  set +f
  set -- "$I"/pending.* "$I"/committed.* "$I"/rolledback.*
  set -f
  for file in "$@"; do
    read_record "$file" || continue
    op=${file##*/}
    op=${op#*.}
    case $file in
      */pending.*)
        [ "$t_boot" != "$boot" ] || continue
        t_by=reboot
        roll_back reboot || :
        ;;
      */rolledback.*)
        [ -z "$t_restored" ] || continue
        go_back reboot
        ;;
      *)
        [ -z "$t_done" ] || continue
        sync "$I"
        enabled=
        [ "$t_fresh" = 0 ] || enabled=1
        finish_commit
        [ "$t_fresh" = 0 ] || systemctl start --no-block -- "$unit" || :
        ;;
    esac
  done
}
