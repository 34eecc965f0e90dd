# What this host lets the agent do: /etc/pdeploy/policy, which `hosts bootstrap` writes. Without it the caller is trusted as
# root is. Root itself is bound by the keys that it pins alone, which keep it from a mistake: it could change the policy.
policy=host allowed= pins= balancers=

read_policy() {
  file=$ETC/pdeploy/policy
  [ -e "$file" ] || [ -L "$file" ] || return 0
  if [ -n "$bound" ]; then
    odd=$(find "$ETC/pdeploy" "$file" -maxdepth 0 \( ! -user 0 -o -perm /022 -o -type l \) -print -quit)
    [ -z "$odd" ] || [ "$verb" = inspect ] || die refused-by-policy "somebody other than root can write to ${odd#"$ROOT"}"
    policy=deploy
  fi
  strange=
  while read -r key value more name _ || [ -n "$key" ]; do
    case $key in
      policy) [ "$value" != host ] || policy=host ;;
      balancer) [ "$value" != "$svc" ] || balancers="$balancers $more=$name " ;;
      service) allowed="$allowed $value " ;;
      minisign) [ "$value" != "$svc" ] || [ "$verb" = inspect ] || pin_key "$more" ;;
      '' | '#'*) ;;
      *) strange=$key ;;
    esac
  done <"$file"
  # It could be meant to forbid something. Root puts it right with the other verbs.
  [ -z "$strange" ] || [ "$verb" = inspect ] || case ${bound:-$verb} in
    1 | prepare | activate) die refused-by-policy "/etc/pdeploy/policy has a line that is not understood: $strange" ;;
  esac
  [ "$policy" = deploy ] && [ "$verb" != inspect ] || return 0
  case $allowed in *" $svc "*) ;; *) die refused-by-policy "this host's policy does not name service $svc" ;; esac
  [ -z "$ops" ] || die refused-by-policy 'host resources need the host policy'
  [ -z "$queries" ] || policy_queries
  [ -z "$pins" ] || only_signed_programs
}

# Under the deploy policy a deployment has a say over the named backends only.
policy_balancer() {
  [ "$policy" = host ] && return 0
  case $balancers in *" $1=$2 "*) ;; *) die refused-by-policy "this host's policy does not name balancer $svc $1 $2" ;; esac
}

# What a rotation of certificates starts from: what the current release has, its unit and its certificates.
policy_text() {
  [ "$1" != "/var/lib/pdeploy/$svc/anchors" ] || return 0
  case $1 in
    "/opt/pdeploy/$svc/"*/*/*/*/*/*) return 1 ;;
    "/opt/pdeploy/$svc/"*/current/manifest | "/opt/pdeploy/$svc/"*/current/unit) ;;
    "/opt/pdeploy/$svc/"*/current/tls/*/cert.pem) ;;
    *) return 1 ;;
  esac
}

policy_queries() {
  while read -r _ kind path; do
    case $kind in
      exec) ;;
      text) ! policy_text "$path" || continue ;;
      *) continue ;;
    esac
    die refused-by-policy 'reading files and running commands need the host policy'
  done <<EOF
${queries%"$NL"}
EOF
}

# Under the deploy policy a release brings code and configuration, never a new unit: a unit can run anything as root.
policy_unit() {
  [ "$policy" = host ] && return 0
  [ -e "$C" ] && same_unit "$1" && same_logrotate "$1" ||
    die refused-by-policy "the unit or logrotate file of $unit would change; that needs the host policy"
}

# The same for all instances, before the release has a name that other verbs could be told.
policy_release() {
  [ "$policy" = host ] && return 0
  for inst in $instances; do
    place "$inst"
    policy_unit "$1"
  done
}

# The user whose rights the release's own programs get here.
policy_user() {
  unit_user "$1"
  [ "$policy" = host ] || [ "$(id -u -- "$user" 2>/dev/null)" != 0 ] || die refused-by-policy 'the service runs as root'
}

# What a deployment under this policy could not have done, it cannot undo either.
policy_undo() {
  [ "$policy" = deploy ] || return 0
  set +f
  set -- "$S/undo/$dep"/*/r[0-9][0-9][0-9][0-9]
  set -f
  for file in "$@"; do
    [ -e "$file" ] || continue
    read -r kind path <"$file"
    case $kind in
      none) ;;
      file | absent) case $path in "$R"/*) ;; *) die refused-by-policy "undoing what was done to $path needs the host policy" ;; esac ;;
      *) die refused-by-policy "undoing a $kind needs the host policy" ;;
    esac
  done
}

# Paths are looked at with nobody's rights: the digest of a file tells much of a short secret.
policy_reader() {
  reader=
  [ "$policy" = host ] || [ "$1" = "$ROOT/var/lib/pdeploy/$svc/anchors" ] ||
    reader='setpriv --reuid 65534 --regid 65534 --clear-groups --'
}
