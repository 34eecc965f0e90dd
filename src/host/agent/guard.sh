# The guard: a transient timer that goes back when nobody commits. It calls this very version of the agent and is
# armed before anything is changed. The time of a transient timer would be a minute's guess without AccuracySec.
arm_guard() {
  systemd-run -q --collect --unit="pdeploy-guard-$op$2" --on-active="$1" --timer-property=AccuracySec=100ms \
    "$LIBEXEC/agent-$AGENT" guard "$svc" "$inst" "$op" "${2:--}" >/dev/null || return 1
}

# Not worth waiting for: a guard that fires too late loses the rename and does nothing.
stop_guard_later() {
  (systemctl stop -- "pdeploy-guard-$op.timer" "pdeploy-guard-$op-x.timer") </dev/null >/dev/null 2>&1 8>&- 9>&- &
}

# Called by the timer: guard SERVICE INSTANCE OP [-x]
run_guard() {
  svc=$1 op=$3
  place_of "$1" "$2"
  if [ -e "$I/extended.$op" ] && [ "$4" = - ]; then return 0; fi
  roll_back guard || return 0
}

place_of() {
  svc=$1
  S=$VAR/$svc R=$OPT/$svc/releases
  place "$2"
}

do_extend() {
  need svc inst epoch dep
  must_lock
  require_epoch
  read_record "$I/pending.$op" || say_ended
  if [ ! -e "$I/extended.$op" ]; then
    [ "$guard" -le 3600 ] || bad guard
    clock
    deadline=$((t_deadline + guard * 100))
    say "$deadline" >"$I/extended.new"
    arm_guard "$(((deadline - now + 99) / 100))" -x || die failed 'the guard could not be armed again'
    mv -T "$I/extended.new" "$I/extended.$op"
    (systemctl stop -- "pdeploy-guard-$op.timer") </dev/null >/dev/null 2>&1 8>&- 9>&- &
  fi
  unlock
}
