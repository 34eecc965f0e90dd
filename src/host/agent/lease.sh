# One lease a service and host. Its epoch only grows, also over releases and reboots: it is the fencing token.
lock() {
  exec 9>>"$S/.lock"
  flock -w "${1:-20}" 9 || return 1
}

unlock() { exec 9>&-; }

must_lock() { lock || die conflict 'another operation on this service is still running'; }

read_lease() {
  l_epoch= l_dep= l_boot= l_end= l_manual= l_holder= l_reason=
  [ -e "$S/lease" ] || return 1
  read -r l_epoch l_dep l_boot l_end l_manual l_holder l_reason _ <"$S/lease" || return 1
  [ -n "$l_reason" ]
}

# The lease binds somebody: not expired, not of an earlier boot.
lease_holds() {
  read_lease || return 1
  [ "$l_manual" = 1 ] && return 0
  boot_id
  clock
  [ "$l_boot" = "$boot" ] && [ "$l_end" -gt "$now" ]
}

# This very epoch gave the lease back and nobody came since: what ends with that was done, and its answer lost.
given_back() {
  [ ! -e "$S/lease" ] && [ -s "$S/lease.last" ] && read -r last_epoch _ <"$S/lease.last" && [ "$last_epoch" = "$epoch" ]
}

give_back() { mv -T "$S/lease" "$S/lease.last"; }

say_lease() {
  clock
  say "lease $l_epoch $l_dep $((l_end - now)) $l_manual $l_holder $l_reason"
}

# An older epoch, or no lease at all, means that this controller has lost the host.
require_epoch() {
  if ! read_lease; then die fenced "the lease of $svc was released or never taken"; fi
  if [ "$l_epoch" = "$epoch" ] && [ "$l_dep" = "$dep" ]; then
    lease_holds || go_on
    [ "$l_epoch" != "$epoch" ] || return 0
  fi
  say_lease
  die fenced "deployment $l_dep holds the lease of $svc with epoch $l_epoch"
}

# A lease that ran out while its holder slept is still his until somebody takes it. Whoever has looked meanwhile has seen
# nobody, and is to look again: for him it is given out anew. A full disk must not keep anybody from going back.
go_on() {
  lock_fence
  if read_lease && [ "$l_epoch" = "$epoch" ]; then (next_epoch) >/dev/null 2>&1 || :; fi
  exec 6>&-
}

lock_fence() { { command exec 6>>"$S/.fence" && flock -w 10 6; } 2>/dev/null || :; }

write_lease() {
  clock
  boot_id
  printf '%s %s %s %s %s %s %s\n' "$epoch" "$dep" "$boot" "$((now + ttl * 100))" "$manual" "$holder" "$reason" >"$S/lease.new"
  mv -T "$S/lease.new" "$S/lease"
  sync "$S/lease" "$S"
}

# The newest epoch that was given out, in $last; 0: none yet. After read_lease.
read_epoch() {
  last=0
  [ ! -s "$S/epoch" ] || read -r last <"$S/epoch"
  case $last in '' | *[!0-9]*) last=0 ;; esac
  [ -z "$l_epoch" ] || [ "$l_epoch" -le "$last" ] || last=$l_epoch
}

next_epoch() {
  read_epoch
  epoch=$((last + 1))
  printf '%s\n' "$epoch" >"$S/epoch.new"
  # Without that a power cut may keep the rename and lose the number, and an epoch would be given out twice.
  sync "$S/epoch.new"
  mv -T "$S/epoch.new" "$S/epoch"
}

# Epoch and lease are written one after the other: who looks meanwhile would take a host that somebody has for one that
# nobody has had since.
give_out() {
  lock_fence
  next_epoch
  write_lease
  exec 6>&-
  say "epoch $epoch"
}

# Both of them as they belong together, in $l_* and $last, and in $held whether the lease binds. Writes nothing.
look_at_lease() {
  if { command exec 6<"$S/.fence"; } 2>/dev/null; then
    flock -s -w 10 6 || die conflict "the lease of $svc is being given out"
  fi
  held=
  ! lease_holds || held=1
  read_epoch
  exec 6<&-
}

do_lease() {
  need svc dep action
  [ -d "$S" ] || mkdir -p "$S"
  must_lock
  case $action in
    acquire)
      need ttl
      if lease_holds && [ "$l_dep" != "$dep" ]; then
        say_lease
        die held "deployment $l_dep holds $svc"
      fi
      # Whoever had it since the host was looked at may have left nothing of what was seen.
      if [ -n "$seen" ] && [ "$l_dep" != "$dep" ]; then
        read_epoch
        [ "$last" = "$seen" ] || die fenced "the lease of $svc was given to others since: epoch $last, seen $seen"
      fi
      give_out
      ;;
    takeover)
      need ttl seen
      read_lease || :
      if [ "${l_epoch:-0}" != "$seen" ]; then
        [ -z "$l_epoch" ] || say_lease
        die fenced "the lease of $svc has changed: epoch ${l_epoch:-none}, seen $seen"
      fi
      give_out
      ;;
    renew)
      need ttl epoch
      require_epoch
      manual=$l_manual holder=$l_holder reason=$l_reason
      write_lease
      say "epoch $epoch"
      ;;
    release)
      need epoch
      if ! given_back; then
        require_epoch
        give_back
      fi
      ;;
    *) bad action ;;
  esac
  unlock
}
