# Stages a release and makes everything ready for the switch; nothing that runs is disturbed.
do_prepare() {
  need svc epoch dep digest
  [ -n "$instances" ] || bad "'instance' is missing"
  step=lease
  require_epoch
  [ -d "$R" ] && [ -d "$S" ] || mkdir -p "$R" "$S"
  make_incoming
  step=room
  check_room
  step=unpack
  unpack
  must_lock
  require_epoch
  use_undo p
  step=operations
  apply_ops "$in/op"
  step=metadata
  check_metas
  if [ -e "$in/release/manifest" ]; then
    step=stage
    stage_release
    say 'stage stored'
  else
    intact "$digest" || die not-found "release $digest is not on the host"
    accept_release "$R/$digest" "$digest"
    sync "$R"
    say 'stage present'
  fi
  [ -n "$pins" ] || [ ! -e "$R/$digest/signature" ] || say "note no key is pinned here for $svc, so only pdeploy checked the signature"
  update_metas
  step=instances
  prepare_instances
  unlock
  step=unit
  verify_unit
  step=test
  test_config
}

# Where the payload is unpacked: readable for root alone, there may be secrets in it.
make_incoming() {
  in=$OPT/$svc/.incoming/$op.$$
  [ ! -e "$in" ] || rm -rf -- "$in"
  mkdir -p -m 0700 "$OPT/$svc/.incoming" "$in"
  tmp=$in
}

check_room() {
  need_room=$((size + reserve))
  set -- $(stat -f -c '%a %S %c %d' -- "$OPT/$svc")
  [ $(($1 * $2)) -ge $need_room ] ||
    die no-space "$OPT has $(($1 * $2 / 1048576)) MiB left, $((need_room / 1048576)) MiB are needed"
  [ "$3" = 0 ] || [ "$4" -ge $((files + 64)) ] || die no-space "$OPT has only $4 inodes left"
}

# $listing has a line `<type> <mode> <path>` for everything that came, sorted by path.
unpack() {
  listing=
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
  listing=$(cd "$in" && find . -mindepth 1 ! -path ./.tar \
    \( \( ! -type d ! -type f -o -type f -links +1 -o -name '*[!A-Za-z0-9._@+=,~-]*' \) -printf 'odd\n' -o -printf '%y %#m %P\n' \) | sort -k3)
  case $NL$listing$NL in *"$NL"odd"$NL"*) bad 'the payload has something that is not a plain file' ;; esac
}

# meta and env say to which fleet-wide release the directory belongs now; the same directory can be part of several.
check_metas() {
  metas=
  for name in meta env; do
    [ ! -f "$in/$name" ] || metas="$metas $in/$name"
  done
  [ -n "$metas" ] || return 0
  ! grep -q '[[:cntrl:]]' $metas || bad 'meta or env has control characters'
  # The service starts with this environment: nothing but its own name may come that way.
  [ ! -f "$in/env" ] || ! grep -Eqv -e '^PDEPLOY_RELEASE=[0-9a-f]*$' -e '^PDEPLOY_LABEL="([^"\\]|\\.)*"$' "$in/env" ||
    bad 'env has more than the names of the release'
}

# Those of a release that was there already; a new one was staged with its own.
update_metas() {
  [ -n "$metas" ] || return 0
  n=9000
  for name in meta env; do
    n=$((n + 1))
    [ ! -f "$in/$name" ] || put "$in/$name" "$R/$digest/$name" root root 0644 || :
  done
}

prepare_instances() {
  fresh_units=
  n=9100
  for inst in $instances; do
    place "$inst"
    [ -d "$I" ] && [ -d "${C%/*}" ] && [ -d "${L%/*}" ] || mkdir -p "$I" "${C%/*}" "${L%/*}"
    policy_unit "$R/$digest"
    [ -L "$L" ] || ln -sfnT "$C" "$L"
    n=$((n + 1))
    [ ! -e "$C" ] && ! read_pending && unit_is_ours || continue
    if same_unit "$R/$digest"; then
      # Whoever wrote it may have been killed before it was sure to outlive a power cut.
      sync_units
    else
      record unit "$inst" "$digest"
      : >"$I/made-unit"
      # Before the unit: without the mark, a unit that a power cut leaves would be taken for somebody else's.
      sync "$I"
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
  wanted="d /run/pdeploy 0755 root root -${NL}d /run/pdeploy/$svc 0755 root root -"
  set +f
  set -- "$OPT/$svc"/*/
  set -f
  for dir in "$@"; do
    dir=${dir%/}
    dir=${dir##*/}
    [ "$dir" = releases ] && continue
    wanted="$wanted${NL}d /run/pdeploy/$svc/$dir 0755 root root -${NL}L+! /run/pdeploy/$svc/$dir/current - - - - /opt/pdeploy/$svc/$dir/current"
  done
  there=
  [ ! -f "$ETC/tmpfiles.d/pdeploy-$svc.conf" ] ||
    while IFS= read -r line; do there="$there${there:+$NL}$line"; done <"$ETC/tmpfiles.d/pdeploy-$svc.conf"
  [ "$there" != "$wanted" ] || return 0
  say "$wanted" >"$in/tmpfiles"
  [ -d "$ETC/tmpfiles.d" ] || mkdir -p "$ETC/tmpfiles.d"
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
  [ $status -eq 0 ] || die test-failed "$1 ended with status $status: $(tail -n 20 "$in/test" | cut -c1-2000)"
}
