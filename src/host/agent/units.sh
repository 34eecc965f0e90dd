# Unit files. A trial whose unit differs runs from system.control in /run, which systemd prefers to /etc and which a
# reboot empties; /etc changes at commit only.
# conf_names DIR: the names of its drop-ins, in $names.
conf_names() {
  names=
  [ -d "$1" ] || return 0
  set +f
  for file in "$1"/*.conf; do
    [ -e "$file" ] && names="$names ${file##*/}"
  done
  set -f
  return 0
}

# Drop-ins of the release that is current and not of the one in $1: the only ones that are ours to remove.
stale_names() {
  stale=
  [ -e "$C" ] || return 0
  conf_names "$C/dropins"
  for name in $names; do
    [ -e "$1/dropins/$name" ] || stale="$stale $name"
  done
}

same_unit() {
  cmp -s -- "$1/unit" "$SYSTEM/$unit" || return 1
  stale_names "$1"
  for name in $stale; do
    [ ! -e "$SYSTEM/$unit.d/$name" ] || return 1
  done
  conf_names "$1/dropins"
  for name in $names; do
    cmp -s -- "$1/dropins/$name" "$SYSTEM/$unit.d/$name" || return 1
  done
}

same_logrotate() {
  if [ -e "$1/logrotate" ]; then
    cmp -s -- "$1/logrotate" "$ETC/logrotate.d/pdeploy-$svc"
  else
    [ ! -e "$ETC/logrotate.d/pdeploy-$svc" ]
  fi
}

write_volatile() {
  stale_names "$1"
  conf_names "$1/dropins"
  rm -rf -- "$CONTROL/$unit.d"
  mkdir -p -- "$CONTROL/$unit.d"
  for name in $stale; do ln -s /dev/null "$CONTROL/$unit.d/$name"; done
  for name in $names; do cp -- "$1/dropins/$name" "$CONTROL/$unit.d/$name"; done
  cp -- "$1/unit" "$CONTROL/$unit"
  chmod -R u=rwX,go=rX -- "$CONTROL/$unit" "$CONTROL/$unit.d"
}

drop_volatile() { rm -rf -- "$CONTROL/$unit" "$CONTROL/$unit.d"; }

# write_durable RELEASE: same_unit is true afterwards, also after a power cut.
write_durable() {
  stale_names "$1"
  conf_names "$1/dropins"
  for name in $stale; do rm -f -- "$SYSTEM/$unit.d/$name"; done
  for name in $names; do
    [ -d "$SYSTEM/$unit.d" ] || mkdir -p -- "$SYSTEM/$unit.d"
    cmp -s -- "$1/dropins/$name" "$SYSTEM/$unit.d/$name" || copy_over "$1/dropins/$name" "$SYSTEM/$unit.d/$name" root root 0644
  done
  cmp -s -- "$1/unit" "$SYSTEM/$unit" || copy_over "$1/unit" "$SYSTEM/$unit" root root 0644
  sync_units
}

sync_units() { if [ -d "$SYSTEM/$unit.d" ]; then sync "$SYSTEM/$unit.d" "$SYSTEM"; else sync "$SYSTEM"; fi; }

write_logrotate() {
  same_logrotate "$1" && return 0
  if [ -e "$1/logrotate" ]; then
    [ ! -d "$ETC/logrotate.d" ] || copy_over "$1/logrotate" "$ETC/logrotate.d/pdeploy-$svc" root root 0644
  else
    rm -f -- "$ETC/logrotate.d/pdeploy-$svc"
  fi
}

drop_durable() {
  set_enabled 0
  [ ! -e "$1/dropins" ] || {
    conf_names "$1/dropins"
    for name in $names; do rm -f -- "$SYSTEM/$unit.d/$name"; done
    rmdir "$SYSTEM/$unit.d" 2>/dev/null || :
  }
  rm -f -- "$SYSTEM/$unit"
  sync "$SYSTEM" $changed_links
}

# Reads what the agent needs to know of unit files, in one pass: $user, $group, $dynamic, and in $wanted_by and
# $required_by the words of all such lines.
read_units() {
  user= group= dynamic= wanted_by= required_by=
  for file in "$@"; do
    [ -f "$file" ] || continue
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in
        User=*) user=${line#*=} ;;
        Group=*) group=${line#*=} ;;
        DynamicUser=*) dynamic=${line#*=} ;;
        WantedBy=*) wanted_by="$wanted_by ${line#*=}" ;;
        RequiredBy=*) required_by="$required_by ${line#*=}" ;;
      esac
    done <"$file"
  done
}

# The links that `systemctl enable` would make, without the reload that it costs.
set_enabled() {
  changed_links=
  read_units "$SYSTEM/$unit"
  for target in $wanted_by; do enable_link "$1" "$SYSTEM/$target.wants" "$target"; done
  for target in $required_by; do enable_link "$1" "$SYSTEM/$target.requires" "$target"; done
}

enable_link() {
  ck_file target "$3"
  if [ "$1" = 1 ]; then
    [ ! -L "$2/$unit" ] || return 0
    mkdir -p -- "$2"
    ln -sfnT -- "/etc/systemd/system/$unit" "$2/$unit"
  else
    [ -L "$2/$unit" ] || return 0
    rm -f -- "$2/$unit"
  fi
  changed_links="$changed_links $2"
}

# Whom the release's own programs run as here: the last User= of the unit, in $user, and its group in $group.
unit_user() {
  [ "$units_read" != "$1" ] || return 0
  units_read=$1
  set +f
  set -- "$1/unit" "$1"/dropins/*.conf
  set -f
  read_units "$@"
  case $dynamic in yes | true | 1 | on) user=nobody group= ;; esac
  [ -n "$user" ] || user=root
  case $user in *[!a-z0-9_-]*) bad 'User= of the unit' ;; esac
  case $group in *[!a-z0-9_-]*) bad 'Group= of the unit' ;; esac
  [ -n "$group" ] || group=$(id -gn -- "$user" 2>/dev/null) || group=root
}
