# What this host lets the agent do: /etc/pdeploy/policy, written by a person. Without it the caller is trusted as root is.
# A word that is not known could be meant to forbid something, so nothing is done then.
policy=host pins=

read_policy() {
  [ -e "$ETC/pdeploy/policy" ] || return 0
  policy=deploy allowed=
  while read -r key value more _ || [ -n "$key" ]; do
    case $key in
      policy) [ "$value" = host ] && policy=host ;;
      service) allowed="$allowed $value " ;;
      minisign) [ "$value" != "$svc" ] || pin_key "$more" ;;
      '' | '#'*) ;;
      *) die refused-by-policy "/etc/pdeploy/policy has a line that is not understood: $key" ;;
    esac
  done <"$ETC/pdeploy/policy"
  [ "$policy" = deploy ] || return 0
  case $allowed in *" $svc "*) ;; *) die refused-by-policy "this host's policy does not name service $svc" ;; esac
  [ -z "$ops" ] || die refused-by-policy 'host resources need the host policy'
  case "$NL$queries" in
    *" exec "* | *" text "*) die refused-by-policy 'reading files and running commands need the host policy' ;;
  esac
  [ -z "$pins" ] || only_signed_programs
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
