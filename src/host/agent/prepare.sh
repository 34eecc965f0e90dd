# Stages a release and makes everything ready for the switch; nothing that runs is disturbed.
do_prepare() {
  need svc epoch dep digest
  [ -n "$instances" ] || bad "'instance' is missing"
  step=lease
  require_epoch
  mkdir -p "$R" "$S" "$OPT/$svc/.incoming"
  in=$(mktemp -d "$OPT/$svc/.incoming/$op.XXXXXX")
  tmp=$in
  staged=
  step=room
  check_room
  step=unpack
  unpack
  must_lock
  require_epoch
  use_undo p
  step=operations
  apply_ops "$in/op"
  if [ -e "$in/release/manifest" ]; then
    step=stage
    staged=1
    stage_release
    say 'stage stored'
  else
    intact "$digest" || die not-found "release $digest is not on the host"
    say 'stage present'
  fi
  step=metadata
  n=9001
  update_meta meta
  n=9002
  update_meta env
  [ -z "$staged" ] || sync "$R/$digest/meta" "$R/$digest/env" "$R/$digest"
  step=instances
  prepare_instances
  unlock
  step=unit
  verify_unit
  step=test
  test_config
}

check_room() {
  need_room=$((size + reserve))
  set -- $(stat -f -c '%a %S %c %d' -- "$OPT/$svc")
  [ $(($1 * $2)) -ge $need_room ] ||
    die no-space "$OPT has $(($1 * $2 / 1048576)) MiB left, $((need_room / 1048576)) MiB are needed"
  [ "$3" = 0 ] || [ "$4" -ge $((files + 64)) ] || die no-space "$OPT has only $4 inodes left"
}

unpack() {
  case $payload in
    none) return 0 ;;
    tar) filter= ;;
    tar.gz) filter=--gzip ;;
    tar.zst) filter=--zstd ;;
  esac
  # Large records: fewer reads and writes.
  if ! tar -x -b 1024 $filter --no-same-owner --same-permissions -f - -C "$in" 2>"$in/.tar"; then
    line=$(tail -n 3 "$in/.tar" | tr '\n' ' ')
    case $line in
      *'No space left'*) die no-space "$line" ;;
      *) die bad-request "the payload could not be unpacked: $line" ;;
    esac
  fi
  rm -f "$in/.tar"
  odd=$(find "$in" \( ! -type d ! -type f \) -o -type f -links +1 -o -name '*[!A-Za-z0-9._@+=,~-]*')
  [ -z "$odd" ] || bad 'the payload has something that is not a plain file'
}

# meta and env say to which fleet-wide release the directory belongs now; the same directory can be part of several.
update_meta() {
  [ -f "$in/$1" ] || return 0
  if grep -q '[[:cntrl:]]' "$in/$1"; then bad "$1 has control characters"; fi
  if [ -n "$staged" ]; then
    # The release was put there by this very request: one more file in it, made durable with the others.
    install -m 0644 -o root -g root -- "$in/$1" "$R/$digest/$1" || die failed "$1 could not be written"
  else
    put "$in/$1" "$R/$digest/$1" root root 0644 || :
  fi
}

prepare_instances() {
  unit_user "$R/$digest"
  fresh_units=
  n=9100
  for inst in $instances; do
    place "$inst"
    mkdir -p "$I" "${C%/*}" "${L%/*}"
    policy_unit "$R/$digest"
    [ -L "$L" ] || ln -sfnT "$C" "$L"
    n=$((n + 1))
    if [ ! -e "$C" ] && ! read_pending && unit_is_ours && ! same_unit "$R/$digest"; then
      record unit "$inst" "$digest"
      : >"$I/made-unit"
      write_durable "$R/$digest"
      say "changed unit $unit"
      fresh_units="$fresh_units $unit"
    fi
  done
  write_tmpfiles
  [ -z "$fresh_units" ] || case $(systemctl show -p NeedDaemonReload --value -- $fresh_units) in
    *yes*) reload ;;
  esac
}

# A unit that somebody else wrote is taken over by a trial, not here.
unit_is_ours() { [ ! -e "$SYSTEM/$unit" ] || [ -e "$I/made-unit" ]; }

# After a boot the links in /run lead to what was committed. `!`: at boot only, never in the middle of a trial.
write_tmpfiles() {
  {
    say "d /run/pdeploy 0755 root root -"
    say "d /run/pdeploy/$svc 0755 root root -"
    set +f
    set -- "$OPT/$svc"/*/
    set -f
    for dir in "$@"; do
      dir=${dir%/}
      dir=${dir##*/}
      [ "$dir" = releases ] && continue
      say "d /run/pdeploy/$svc/$dir 0755 root root -"
      say "L+! /run/pdeploy/$svc/$dir/current - - - - /opt/pdeploy/$svc/$dir/current"
    done
  } >"$in/tmpfiles"
  mkdir -p "$ETC/tmpfiles.d"
  cmp -s "$in/tmpfiles" "$ETC/tmpfiles.d/pdeploy-$svc.conf" && return 0
  copy_over "$in/tmpfiles" "$ETC/tmpfiles.d/pdeploy-$svc.conf" root root 0644
  say 'changed tmpfiles'
}

# The unit as this release has it, under its real name, with the staged directory in place of the link.
verify_unit() {
  rel=$R/$digest
  place "${instances##* }"
  if same_unit "$rel" && [ -z "$fresh_units" ]; then return 0; fi
  mkdir -p "$in/verify/$unit.d"
  staged="s|/run/pdeploy/$svc/%i/current|$rel|g"
  sed "$staged" "$rel/unit" >"$in/verify/$unit"
  conf_names "$rel/dropins"
  for name in $names; do sed "$staged" "$rel/dropins/$name" >"$in/verify/$unit.d/$name"; done
  text=$(systemd-analyze verify --man=no "$in/verify/$unit" 2>&1) && rc=0 || rc=$?
  notes=$(printf '%s\n' "$text" | grep -F -e "$in/verify/" -e "$unit" | sed "s|$in/verify/||g") || notes=
  if [ $rc -ne 0 ] && [ -n "$notes" ]; then die unit-invalid "$notes"; fi
  [ -z "$notes" ] || printf '%s\n' "$notes" | while IFS= read -r line; do say "note $line"; done
}

# The release's own check of its configuration, with the rights of the service.
test_config() {
  [ -n "$test_argv" ] || return 0
  policy_user "$R/$digest"
  set --
  for word in $test_argv; do
    untoken "$word"
    while :; do
      case $text in
        *'{dir}'*) text=${text%%'{dir}'*}$R/$digest${text#*'{dir}'} ;;
        *) break ;;
      esac
    done
    set -- "$@" "$text"
  done
  status=0
  (cd "$R/$digest" && exec timeout -k 5 60 setpriv --reuid "$user" --regid "$group" --init-groups --no-new-privs -- "$@") \
    </dev/null >"$in/test" 2>&1 || status=$?
  [ $status -eq 0 ] || die test-failed "$1 ended with status $status: $(tail -c 4000 "$in/test")"
}
