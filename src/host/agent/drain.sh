# Takes an instance out of traffic and back: a server of an HAProxy on this host, or a file that the service looks for.
# What is out is noted in /run, with the time at which it comes back by itself: HAProxy does not remember longer either.
do_drain() {
  need svc action
  if [ "$action" = noted ]; then
    say_notes
    return 0
  fi
  need target
  open_target $target
  case $action in
    check) check_target ;;
    out) take_out ;;
    wait) await_idle ;;
    ready) ! is_ours || bring_back ;;
    up) await_up ;;
    *) bad action ;;
  esac
}

open_target() {
  kind=$1
  case $kind in
    haproxy)
      sock=$ROOT$2 backend=$3 server=$4
      policy_balancer "$2" "$3"
      find_teller
      ;;
    file)
      need inst
      policy_user "$C"
      file=$ROOT$2
      ;;
  esac
  key=$(printf %s "$inst $target" | sha256sum)
  N=$RUN/$svc/.drained/${key%% *}
}

# As the service: what a directory of its own may turn into is its own affair.
as_service() {
  if [ "$user" = root ] || { [ "$user" = nobody ] && [ "$policy" = host ]; }; then
    "$@"
  else
    setpriv --reuid "$user" --regid "$group" --init-groups --no-new-privs -- "$@"
  fi
}

check_target() {
  set -- $target
  case $kind in
    haproxy)
      ask_haproxy 'show cli level'
      case $said in admin*) ;; *) die failed "the socket ${sock#"$ROOT"} must be of level admin" ;; esac
      find_server
      look_at_server
      say "server $in_flight $admin $status"
      ;;
    file) as_service test -w "${file%/*}" || die not-found "$user cannot write to ${2%/*}" ;;
  esac
}

# Who was taken out by somebody else is left as it is, now and afterwards.
take_out() {
  need dep epoch
  [ "$guard" -ge 1 ] && [ "$guard" -le 14400 ] || bad guard
  if [ $kind = haproxy ]; then
    find_server
    if [ ! -e "$N" ] && [ $((admin & 9)) != 0 ]; then
      say 'drain kept'
      return 0
    fi
  fi
  refuse_overtaken
  clock
  mkdir -p "${N%/*}"
  printf '%s %s %s %s %s\n' "$((now + guard * 100))" "$dep" "${inst:--}" "$epoch" "$target" >"${N%/*}/.new-${N##*/}"
  mv -T "${N%/*}/.new-${N##*/}" "$N"
  arm_undrain || {
    rm -f -- "$N"
    die failed 'the timer that would bring it back could not be armed'
  }
  case $kind in
    haproxy) set_server drain ;;
    file) as_service touch -- "$file" || die failed "$user cannot make ${file#"$ROOT"}" ;;
  esac
  say 'drain out'
}

# The epoch is that of the lease of the instance's host: whoever slept past it must not take over what the next one has out.
refuse_overtaken() {
  [ -e "$N" ] && read -r _ n_dep _ n_epoch _ <"$N" && [ "$n_epoch" -gt "$epoch" ] || return 0
  die fenced "deployment $n_dep has it out"
} 2>/dev/null

# A request that comes again has a later time: its timer begins anew.
arm_undrain() {
  systemctl -q stop -- "pdeploy-undrain-$op.timer" 2>/dev/null || :
  systemd-run -q --collect --unit="pdeploy-undrain-$op" --on-active="$guard" --timer-property=AccuracySec=1s \
    "$LIBEXEC/agent-$AGENT" undrain "$svc" "${N##*/}" >/dev/null 2>&1 ||
    systemctl -q is-active -- "pdeploy-undrain-$op.timer"
}

# Says how many are left as often as that changes, until there is none or the time is over.
await_idle() {
  [ $kind = haproxy ] || bad action
  clock
  until=$((now + stream * 100)) was=
  while :; do
    find_server
    # One that was reloaded has forgotten it. After a boot the note is gone too, and whoever asks has to take it out again.
    if [ $((admin & 9)) = 0 ]; then
      [ -e "$N" ] || die failed 'nobody has it out'
      set_server drain
    fi
    look_at_server
    [ "$in_flight" = "$was" ] || say "left $in_flight"
    was=$in_flight
    clock
    if [ "$in_flight" = 0 ] || [ "$now" -ge "$until" ]; then return 0; fi
    sleep 0.2
  done
}

# Somebody who sleeps past the lease may wake up while the next deployment has it out.
is_ours() {
  n_dep=$dep
  [ -z "$dep" ] || read -r _ n_dep _ <"$N" || return 1
  [ "$n_dep" = "$dep" ]
} 2>/dev/null

bring_back() {
  [ -e "$N" ] || return 0
  case $kind in
    haproxy) set_server ready ;;
    file) as_service rm -f -- "$file" || die failed "$user cannot remove ${file#"$ROOT"}" ;;
  esac
  rm -f -- "$N"
}

# HAProxy gives traffic to a server again once its own checks say so.
await_up() {
  [ $kind = haproxy ] || bad action
  clock
  until=$((now + stream * 100))
  find_server
  while :; do
    look_at_server
    case $status in UP* | 'no check'*) break ;; esac
    clock
    [ "$now" -lt "$until" ] || break
    sleep 0.2
  done
  say "server $in_flight $admin $status"
}

read_note() {
  n_due= n_dep= n_inst= n_epoch= n_target=
  [ -e "$1" ] || return 1
  read -r n_due n_dep n_inst n_epoch n_target <"$1" || return 1
  inst= target=$n_target
  [ "$n_inst" = - ] || place_of "$svc" "$n_inst"
}

# Called by the timer: undrain SERVICE KEY. A newer note of the same server has a timer of its own. Whoever hangs is asked
# again for a day.
run_undrain() {
  svc=$1 pause=1
  clock
  give_up=$((now + 8640000))
  while read_note "$RUN/$svc/.drained/$2"; do
    clock
    [ "$now" -ge $((n_due - 100)) ] && [ "$now" -lt $give_up ] || return 0
    if (undrain_noted) >/dev/null; then return 0; fi
    sleep $pause
    [ $pause -ge 30 ] || pause=$((pause * 2))
  done
}

undrain_noted() {
  open_target $n_target
  bring_back
}

# Whatever deployments of this service have out.
say_notes() {
  set +f
  set -- "$RUN/$svc/.drained"/*
  set -f
  for note in "$@"; do
    ! read_note "$note" || say "noted $n_dep $n_inst $n_target"
  done
}
