# Without arguments: a request on standard input, bound by the policy of this host. With `root` it is not: the sudoers
# rule of a deploy login allows no argument, so whoever passes one can do everything anyway. The others are for systemd.
bound=1
case ${1:-} in
  '') ;;
  root)
    [ $# -eq 1 ] || exit 64
    bound=
    ;;
  guard)
    [ $# -eq 5 ] || exit 64
    run_guard "$2" "$3" "$4" "$5"
    finish_ok
    ;;
  undrain)
    [ $# -eq 3 ] || exit 64
    run_undrain "$2" "$3"
    finish_ok
    ;;
  leave)
    [ $# -eq 8 ] || exit 64
    shift
    run_leave "$@"
    finish_ok
    ;;
  recover)
    run_recover
    finish_ok
    ;;
  install)
    run_install
    finish_ok
    ;;
  *) exit 64 ;;
esac
read_header
need svc verb
read_policy
case $verb in
  observe) do_observe ;;
  inspect) do_inspect ;;
  lease) do_lease ;;
  prepare) do_prepare ;;
  apply) do_apply ;;
  activate) do_activate ;;
  watch) do_watch ;;
  commit) do_commit ;;
  rollback) do_rollback ;;
  status) do_status ;;
  extend) do_extend ;;
  finish) do_finish ;;
  undo) do_undo ;;
  settle) do_settle ;;
  drain) do_drain ;;
  *) bad verb ;;
esac
finish_ok
