# The runtime socket of an HAProxy on this host. No tool that can talk to such a socket is on every host; one of these is
# on nearly all (Debian cannot be without perl). Names and path were checked: they are no syntax to HAProxy or socat.
find_teller() {
  for teller in socat perl python3 nc; do
    if command -v "$teller" >/dev/null 2>&1; then return 0; fi
  done
  die not-found 'there is no socat, perl, python3 or nc to talk to the socket of HAProxy with; install socat'
}

# ask_haproxy COMMAND: the answer into $said.
ask_haproxy() {
  [ -S "$sock" ] || die not-found "there is no socket ${sock#"$ROOT"}"
  said=$(tell_haproxy "$1" 2>/dev/null) || die failed "the socket ${sock#"$ROOT"} does not answer"
  case $said in *'ermission denied'*) die failed "the socket ${sock#"$ROOT"} must be of level admin" ;; esac
}

tell_haproxy() {
  case $teller in
    socat) printf '%s\n' "$1" | timeout 5 socat -t 5 - "UNIX-CONNECT:$sock" ;;
    perl)
      timeout 5 perl -MSocket -e 'my $s; socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, pack_sockaddr_un($ARGV[0])) or exit 1;
        syswrite($s, "$ARGV[1]\n") or exit 1; print while <$s>' "$sock" "$1"
      ;;
    python3)
      timeout 5 python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n"); sys.stdout.write(b"".join(iter(lambda: s.recv(65536), b"")).decode())' "$sock" "$1"
      ;;
    nc) printf '%s\n' "$1" | timeout 5 nc -U -w 5 "$sock" ;;
  esac
}

# Ids of the server into $be_id and $srv_id, what was asked of it into $admin: 1 maintenance, 8 drain.
find_server() {
  ask_haproxy "show servers state $backend"
  be_id= srv_id= admin=
  while read -r be_id name srv_id srv _ _ admin _; do
    if [ "$name" = "$backend" ] && [ "$srv" = "$server" ]; then break; fi
    admin=
  done <<END
$said
END
  case $be_id$srv_id$admin in *[!0-9]*) admin= ;; esac
  [ -n "$admin" ] || die not-found "HAProxy has no server $backend/$server"
}

# What HAProxy says of it: $in_flight requests there or waiting for it, and its $status.
look_at_server() {
  ask_haproxy "show stat $be_id 4 $srv_id"
  in_flight= status=
  while IFS=, read -r _ srv queued _ sessions _ _ _ _ _ _ _ _ _ _ _ _ status _; do
    if [ "$srv" = "$server" ]; then break; fi
    status=
  done <<END
$said
END
  case $queued$sessions in '' | *[!0-9]*) status= ;; esac
  [ -n "$status" ] || die failed "HAProxy says nothing of $backend/$server"
  in_flight=$((${queued:-0} + ${sessions:-0}))
}

# `drain` or `ready`. To what it did HAProxy says nothing, nor does one that ends or is replaced before it reads: what counts
# is what it says of the server afterwards.
set_server() {
  for pause in 0 0.2 1; do
    sleep $pause
    ask_haproxy "set server $backend/$server state $1"
    [ -z "$said" ] || die failed "HAProxy says: $said"
    find_server
    case $1/$((admin & 9)) in
      drain/0 | ready/[189]) ;;
      *) return 0 ;;
    esac
  done
  die failed "HAProxy did not set $backend/$server to $1"
}
