# One probe: `<index> <kind> ...` of the request. The result is one token in $answer: http:<base64 of the first
# 12 KiB of the response>, tcp:, exec:<status>, or <kind>!:<base64 of the reason>. $passed becomes 0 when it looks bad.
run_probe() {
  case $kind in
    http | https) probe_http "$kind" "$@" ;;
    tcp) probe_tcp "$@" ;;
    exec) probe_exec "$@" ;;
  esac
}

probe_error() {
  passed=0
  answer=$1!:$(printf %s "$2" | base64 -w0)
}

probe_http() {
  if [ "$u_pid" = 0 ]; then
    probe_error http 'the process does not run'
    return 0
  fi
  seconds "$5"
  if command -v curl >/dev/null 2>&1; then
    host=${4#-}
    case ${host:-127.0.0.1} in
      *]) name=$host ;;
      *:*:*) name=[$host] ;;
      *) name=${host:-127.0.0.1} name=${name%:*} ;;
    esac
    # Base64 has neither colon nor space, so what curl says stands out.
    got=$({
      curl -q -g -s -S -k -i --noproxy '*' --path-as-is --max-time "$secs" --connect-to "::127.0.0.1:$2" \
        ${host:+-H "Host: $host"} "$1://$name:$2$3" 2>&3 | head -c 12288 | base64 -w0
    } 3>&1)
    said=
    case $got in *'curl: '*)
      said=${got#*curl: }$NL
      got=${got%%curl: *}${said#*"$NL"}
      said="curl: ${said%%"$NL"*}"
      ;;
    esac
    got=${got%"$NL"}
    case $got in *[!A-Za-z0-9+/=]*) got= ;; esac
  else
    need_tmp
    got=$(http_by_hand "$@" 2>"$tmp/said" | head -c 12288 | base64 -w0)
    read -r said <"$tmp/said" || :
  fi
  if [ -n "$got" ]; then
    answer=http:$got
    case $got in SFRUUC8xLjEgM[jz]* | SFRUUC8xLjAgM[jz]* | SFRUUC8yID[IM]*) ;; *) passed=0 ;; esac
  else
    probe_error http "${said:-no answer}"
  fi
}

# Where there is no curl.
http_by_hand() {
  if [ "$1" = http ]; then
    timeout "$secs" bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 7
      printf "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: pdeploy\r\nConnection: close\r\n\r\n" "$2" "$3" >&3
      cat <&3' - "$2" "$3" "$4"
  else
    printf 'GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: pdeploy\r\nConnection: close\r\n\r\n' "$3" "$4" |
      timeout "$secs" openssl s_client -quiet -connect "127.0.0.1:$2" -servername "${4%:*}"
  fi
}

probe_tcp() {
  seconds "$2"
  need_tmp
  if timeout "$secs" bash -c ': <>"/dev/tcp/127.0.0.1/$1"' - "$1" 2>"$tmp/said"; then
    answer=tcp:
  else
    status=$?
    [ $status -ne 124 ] || say 'timed out' >"$tmp/said"
    read -r line <"$tmp/said" || line='no connection'
    probe_error tcp "$line"
  fi
}

# As the service's own user: a probe needs no more rights than what it probes.
probe_exec() {
  seconds "$1"
  shift
  argc=$#
  while [ $argc -gt 0 ]; do
    untoken "$1"
    shift
    set -- "$@" "$text"
    argc=$((argc - 1))
  done
  status=0
  timeout -k 1 "$secs" setpriv --reuid "$user" --regid "$group" --init-groups --no-new-privs -- "$@" </dev/null >/dev/null 2>&1 || status=$?
  answer=exec:$status
  [ $status -eq 0 ] || passed=0
}
