# Replies: lines, then one trailer. A reply without a trailer means that nobody knows what happened.
# Saying something never fails: that nobody listens any more must not stop a switch halfway.
say() { printf '%s\n' "$*" 2>/dev/null || :; }

finish_ok() {
  trap - EXIT
  drop_tmp
  printf 'pdeploy-end %s 0 ok -\n' "$op"
  exit 0
}

die() {
  code=$1
  shift
  trap - EXIT
  if [ -n "$arming" ]; then
    wait "$arming" && stop_guard_later
  fi
  drop_tmp
  printf 'pdeploy-end %s 1 %s %s\n' "$op" "$code" "$(printf '%s ' "$*" | base64 -w0)"
  exit 1
}

bad() { die bad-request "$1"; }

on_exit() {
  status=$1
  has_room || die no-space "no room left in $VAR (step $step)"
  die failed "the agent stopped unexpectedly (step $step, status $status)"
}

has_room() {
  [ -d "$VAR" ] || return 0
  (umask 077 && printf room >"$VAR/.room.$$") 2>/dev/null || set -- full
  rm -f "$VAR/.room.$$"
  [ "${1:-}" != full ]
}

# A directory that only root can read; gone when the agent ends.
need_tmp() {
  [ -n "$tmp" ] || tmp=$(mktemp -d "$ROOT/run/pdeploy.XXXXXX")
}

drop_tmp() {
  [ -z "$tmp" ] || rm -rf -- "$tmp"
  tmp=
}

# Text of a token into $text: `-` is none, after `=` it is as it is, all else is base64. The added letter keeps trailing
# newlines.
untoken() {
  text=
  case $1 in
    -) return 0 ;;
    =*)
      text=${1#=}
      return 0
      ;;
  esac
  text=$(printf %s "$1" | base64 -d && printf x) || bad 'a value is not base64'
  text=${text%x}
}

# Hundredths of a second since boot into $now. Counts on while the machine sleeps.
clock() {
  read -r now _ <"/proc/uptime"
  now=${now%.*}${now#*.}
}

boot_id() { read -r boot </proc/sys/kernel/random/boot_id; }

# `12.345` from milliseconds, without a process.
seconds() {
  frac=$(($1 % 1000 + 1000))
  secs=$(($1 / 1000)).${frac#1}
}

instances= queries= probes= listens= ops= keeps= test_argv=
from= to= binary= guard=60 stop=90 stream=0 interval=1000 digest= size=0 files=0 reserve=0
enabled=1 proven= reuse= action= ttl= reload=0 anchor= holder=- manual=0 reason=- seen= downgrade=0 target=
handover= memory=0 cold=0

read_header() {
  IFS= read -r first && IFS= read -r second || bad 'no request'
  case $first in 'pdeploy 1 '*) ;; *) bad 'not a request' ;; esac
  case $second in 'op '[0-9a-z]*) ;; *) bad op ;; esac
  case ${second#op } in *[!0-9a-z-]*) bad op ;; esac
  [ ${#second} -le 67 ] || bad op
  op=${second#op }
  [ "$first" = "pdeploy 1 $AGENT" ] || die agent-mismatch "the host has agent $AGENT"
  count=0
  while IFS= read -r line; do
    [ "$line" = end ] && return 0
    count=$((count + 1))
    [ $count -le 20000 ] || bad 'too many lines'
    read_line "$line"
  done
  bad 'the request is cut off'
}

# Printable ASCII only: a tab or a newline would be another separator.
read_line() {
  case $1 in *[!\ -~]*) bad 'a line has control characters' ;; esac
  read_field "${1%% *}" "${1#* }"
}

read_field() {
  case $1 in
    verb) ck_word verb "$2"; verb=$2 ;;
    service) ck_service "$2"; svc=$2 ;;
    instance) ck_instance "$2"; inst=$2; instances="$instances $2" ;;
    epoch | guard | stop | stream | interval | size | files | reserve | ttl | seen) ck_number "$1" "$2"; eval "$1=\$2" ;;
    enabled | manual | reload | downgrade | memory | cold) ck_flag "$1" "$2"; eval "$1=\$2" ;;
    deployment) ck_name deployment "$2"; dep=$2 ;;
    handover) ck_handover "$2"; handover=$2 ;;
    digest | to | proven | reuse) ck_digest "$1" "$2"; eval "$1=\$2" ;;
    from) [ "$2" = - ] || ck_digest from "$2"; from=${2#-} ;;
    target) ck_target $2; target=$2 ;;
    keep) ck_digest keep "$2"; keeps="$keeps $2" ;;
    binary) ck_file binary "$2"; binary=$2 ;;
    action) ck_word action "$2"; action=$2 ;;
    anchor) ck_anchor $2; anchor=$2 ;;
    holder | reason) ck_token "$1" "$2"; eval "$1=\$2" ;;
    listen) ck_port "$2"; listens="$listens $2" ;;
    query) ck_query $2; queries="$queries$2$NL" ;;
    probe) ck_probe $2; probes="$probes$2$NL" ;;
    do) ck_op $2; ops="$ops$2$NL" ;;
    test) ck_tokens $2; test_argv=$2 ;;
    payload)
      case $2 in none | tar | tar.gz | tar.zst) payload=$2 ;; *) bad payload ;; esac
      ;;
    *) bad "unknown key" ;;
  esac
}

# need NAME...: these fields must have been sent.
need() {
  for name in "$@"; do
    eval "[ -n \"\$$name\" ]" || bad "'$name' is missing"
  done
  [ -z "$svc" ] || S=$VAR/$svc R=$OPT/$svc/releases
  [ -z "$inst" ] || place "$inst"
}

# The paths of one instance.
place() {
  inst=$1
  I=$S/$inst
  C=$OPT/$svc/$inst/current
  L=$RUN/$svc/$inst/current
  unit=$svc@$inst.service
}
