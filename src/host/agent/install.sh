# What an agent does once it lies under its own name: becomes the one that is called, now and at boot.
run_install() {
  op=install
  mkdir -p "$LIBEXEC" "$OPT"
  mkdir -p -m 0700 "$VAR"
  # A balancer may be met by several deployments at once that find no agent there.
  exec 9<"$VAR"
  flock -w 30 9 || die conflict 'another installation of the agent is still running'
  relink "$LIBEXEC/agent-$AGENT" "$LIBEXEC-agent"
  cat >"$SYSTEM/pdeploy-recover.service.new" <<EOF
[Unit]
Description=Ends pdeploy trials that a reboot interrupted
Documentation=https://github.com/pdeploy/pdeploy
After=local-fs.target systemd-tmpfiles-setup.service
ConditionPathExists=/usr/local/libexec/pdeploy-agent

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/libexec/pdeploy-agent recover

[Install]
WantedBy=multi-user.target
EOF
  if cmp -s "$SYSTEM/pdeploy-recover.service.new" "$SYSTEM/pdeploy-recover.service"; then
    rm -f "$SYSTEM/pdeploy-recover.service.new"
  else
    mv -fT "$SYSTEM/pdeploy-recover.service.new" "$SYSTEM/pdeploy-recover.service"
  fi
  mkdir -p "$SYSTEM/multi-user.target.wants"
  ln -sfnT /etc/systemd/system/pdeploy-recover.service "$SYSTEM/multi-user.target.wants/pdeploy-recover.service"
  collect_agents
  sync "$LIBEXEC/agent-$AGENT" "$LIBEXEC" "${LIBEXEC%/*}" "$SYSTEM"
  say "agent $AGENT"
}

# Guards call the version that armed them: those of pending trials stay, and the last three.
collect_agents() {
  set +f
  needed=" $AGENT $(cat "$VAR"/*/*/pending.* 2>/dev/null | sed -n 's/^agent //p' | tr '\n' ' ') "
  set -- "$LIBEXEC"/agent-*
  set -f
  for file in $(ls -1t -- "$@" | tail -n +4); do
    case $needed in *" ${file##*/agent-} "*) ;; *) rm -f -- "$file" ;; esac
  done
}
