# systemctl is the slowest thing here: one call tells all that is needed of a unit.
show_unit() {
  u_active=unknown u_sub=unknown u_result=unknown u_pid=0 u_exec=0 u_restarts=0 u_invocation= u_reload=no u_load=
  while IFS='=' read -r key value; do
    case $key in
      ActiveState) u_active=$value ;;
      SubState) u_sub=$value ;;
      Result) u_result=$value ;;
      MainPID) u_pid=$value ;;
      ExecMainPID) u_exec=$value ;;
      NRestarts) u_restarts=$value ;;
      InvocationID) u_invocation=$value ;;
      NeedDaemonReload) u_reload=$value ;;
      LoadState) u_load=$value ;;
    esac
  done <<EOF
$(systemctl show -p ActiveState,SubState,Result,MainPID,ExecMainPID,NRestarts,InvocationID,NeedDaemonReload,LoadState -- "$unit" 2>/dev/null)
EOF
}

reload() { systemctl daemon-reload || die failed 'systemctl daemon-reload failed'; }

# Does it, but nobody waits: what runs now is right already.
reload_later() { (systemctl daemon-reload) </dev/null >/dev/null 2>&1 8>&- 9>&- & }

# Points a link elsewhere by rename; a link that is right is left alone.
relink() {
  ln -sfnT -- "$1" "$2.new"
  mv -fT -- "$2.new" "$2"
}
