# What this host lets the agent do: /etc/pdeploy/policy, written by a person. Without it the caller is trusted as root is.
policy=host

read_policy() {
  [ -e "$ETC/pdeploy/policy" ] || return 0
  policy=deploy allowed=
  while read -r key value _; do
    case $key in
      policy) [ "$value" = host ] && policy=host ;;
      service) allowed="$allowed $value " ;;
    esac
  done <"$ETC/pdeploy/policy"
  [ "$policy" = deploy ] || return 0
  case $allowed in *" $svc "*) ;; *) die refused-by-policy "this host's policy does not name service $svc" ;; esac
  [ -z "$ops" ] || die refused-by-policy 'host resources need the host policy'
  case "$NL$queries" in
    *" exec "* | *" text "*) die refused-by-policy 'reading files and running commands need the host policy' ;;
  esac
}

# Under the deploy policy a release brings code and configuration, never a new unit: a unit can run anything as root.
policy_unit() {
  [ "$policy" = host ] && return 0
  [ -e "$C" ] && same_unit "$1" && same_logrotate "$1" ||
    die refused-by-policy "the unit or logrotate file of $unit would change; that needs the host policy"
}

# The user whose rights the release's own programs get here.
policy_user() {
  unit_user "$1"
  [ "$policy" = host ] || [ "$user" != root ] || die refused-by-policy 'the service runs as root'
}
