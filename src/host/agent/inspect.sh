# What binds the login that asks, for `doctor`: raw facts, judged by the controller.
do_inspect() {
  step=facts
  say_facts
  step=login
  login=${SUDO_USER:-root}
  case $login in '' | [!a-z_]* | *[!a-z0-9_-]*) login=- ;; esac
  say "caller ${bound:-0} $login"
  set -- $(tail -n +3 -- "$LIBEXEC-agent" | sha256sum)
  say "agent $AGENT $1"
  home=
  if passwd_line "$login"; then
    home=${line%:*}
    home=${home##*:}
    case $home in /*) ;; *) home= ;; esac
  fi
  say_standing "${LIBEXEC%/*}" "$LIBEXEC" "$(readlink -f -- "$LIBEXEC-agent")" "$ETC/pdeploy" "$ETC/pdeploy/policy" \
    "$ETC/sudoers.d/pdeploy"
  [ -z "$bound" ] || [ -z "$home" ] || say_standing "$home" "$home/.ssh" "$home/.ssh/authorized_keys"
  say_text policy "$ETC/pdeploy/policy"
  [ -z "$bound" ] || [ -z "$home" ] || say_text keys "$home/.ssh/authorized_keys"
  [ "$login" = root ] || say "sudo $(sudo -n -l -U "$login" 2>/dev/null | base64 -w0)"
  step=instances
  for inst in $instances; do
    place "$inst"
    say_instance
  done
}

# Who may write where: `standing <owner> <mode> <type> <path>`.
say_standing() { find "$@" -maxdepth 0 -printf 'standing %u %m %y %p\n' 2>/dev/null || :; }

say_text() { [ ! -f "$2" ] || say "$1 $(head -c 65536 -- "$2" | base64 -w0)"; }

# Whom an instance runs as, the open files that its unit asks for, and those that its process has got.
say_instance() {
  asked=- runs_as= dynamic=no u_pid=0 u_load= got=-
  while IFS='=' read -r key value; do
    case $key in
      LimitNOFILE) asked=$value ;;
      User) runs_as=$value ;;
      DynamicUser) dynamic=$value ;;
      MainPID) u_pid=$value ;;
      LoadState) u_load=$value ;;
    esac
  done <<EOF
$(systemctl show -p LimitNOFILE,User,DynamicUser,MainPID,LoadState -- "$unit" 2>/dev/null)
EOF
  [ "$u_load" = loaded ] || return 0
  [ "$dynamic" = no ] || runs_as=${runs_as:-nobody}
  [ "$u_pid" = 0 ] || while read -r a b c _ hard _; do
    [ "$a $b $c" != 'Max open files' ] || got=$hard
  done 2>/dev/null <"/proc/$u_pid/limits"
  say "instance $inst ${runs_as:-root} $asked $got"
}
