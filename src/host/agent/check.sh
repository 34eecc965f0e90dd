# Every value from outside passes one of these before it is used. They start no process.
ck_service() {
  case $1 in '' | [!a-z]* | *[!a-z0-9-]*) bad service ;; esac
  [ ${#1} -le 32 ] || bad service
}

# The excluded names are used for other things beside the instances' own directories.
ck_instance() {
  ck_name instance "$1"
  case $1 in releases | undo | lease | epoch | anchors | last_good | signed_releases | version_mark) bad 'instance: this name is reserved' ;; esac
}

ck_name() {
  case $2 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) bad "$1" ;; esac
  [ ${#2} -le 64 ] || bad "$1"
}

ck_file() {
  case $2 in '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9._+@-]*) bad "$1" ;; esac
  [ ${#2} -le 100 ] || bad "$1"
}

ck_word() {
  case $2 in '' | [!a-z]* | *[!a-z-]*) bad "$1" ;; esac
  [ ${#2} -le 32 ] || bad "$1"
}

ck_number() {
  case $2 in '' | *[!0-9]* | 0?*) bad "$1" ;; esac
  [ ${#2} -le 15 ] || bad "$1"
}

ck_flag() { case $2 in 0 | 1) ;; *) bad "$1" ;; esac; }

ck_digest() {
  case $2 in *[!0-9a-f]*) bad "$1" ;; esac
  [ ${#2} -eq 64 ] || bad "$1"
}

ck_anchor() {
  [ $# -eq 3 ] || bad anchor
  ck_digest anchor "$1"
  ck_number anchor "$2"
  ck_digest anchor "$3"
}

ck_token() {
  case $2 in -) ;; =*[!A-Za-z0-9._@:+,=~/{}%-]*) bad "$1" ;; =?*) ;; '' | *[!A-Za-z0-9+/=]*) bad "$1" ;; esac
  [ ${#2} -le 65536 ] || bad "$1"
}

ck_tokens() {
  [ $# -ge 1 ] || bad argv
  for word in "$@"; do ck_token argv "$word"; done
}

ck_port() {
  ck_number port "$1"
  [ "$1" -ge 1 ] && [ "$1" -le 65535 ] || bad port
}

# Absolute and plain: no empty, `.` or `..` part, nothing that a shell, a unit or tmpfiles.d would read as syntax.
ck_path() {
  case $1 in
    /*) ;;
    *) bad path ;;
  esac
  case $1/ in *[!A-Za-z0-9._@:+,=/~-]* | *//* | */./* | */../*) bad path ;; esac
  [ ${#1} -le 512 ] || bad path
}

# In the directory of the service, and short enough for a socket.
ck_handover() {
  ck_path "$1"
  case $1 in *[+=,:~]*) bad handover ;; /run/[a-z]*/*) ;; *) bad handover ;; esac
  [ ${#1} -le 107 ] || bad handover
}

ck_user() {
  case $1 in '' | [!a-z_]* | *[!a-z0-9_-]*) bad user ;; esac
  [ ${#1} -le 31 ] || bad user
}

ck_mode() { case $1 in 0[0-7][0-7][0-7] | [0-7][0-7][0-7] | [0-7][0-7][0-7][0-7]) ;; *) bad mode ;; esac; }

ck_query() {
  [ $# -ge 3 ] || bad query
  ck_number query "$1"
  case $2 in
    path | text) [ $# -eq 3 ] || bad query; ck_path "$3" ;;
    user) [ $# -eq 3 ] || bad query; ck_user "$3" ;;
    exec) shift 2; ck_tokens "$@" ;;
    *) bad query ;;
  esac
}

ck_probe() {
  [ $# -ge 4 ] || bad probe
  ck_number probe "$1"
  case $2 in
    http | https)
      [ $# -eq 6 ] || bad probe
      ck_port "$3"
      case $4 in /*) ;; *) bad 'probe path' ;; esac
      case $4 in *[!!-~]*) bad 'probe path' ;; esac
      ck_host "$5"
      ck_number probe "$6"
      ;;
    tcp) [ $# -eq 4 ] || bad probe; ck_port "$3"; ck_number probe "$4" ;;
    exec) ck_number probe "$3"; shift 3; ck_tokens "$@" ;;
    *) bad probe ;;
  esac
}

# A Host header: a name or address, maybe with a port; IPv6 in brackets.
ck_host() {
  [ ${#1} -le 260 ] || bad 'probe host'
  case $1 in
    -) ;;
    '['*)
      host=${1#?}
      case ${host%%]*} in '' | *[!0-9A-Fa-f:.]*) bad 'probe host' ;; esac
      case ${host#*]} in '' | :[0-9]*) ;; *) bad 'probe host' ;; esac
      case ${host#*]} in *[!:0-9]*) bad 'probe host' ;; esac
      ;;
    '' | [!A-Za-z0-9]* | *[!A-Za-z0-9.:-]*) bad 'probe host' ;;
  esac
}

# A server of an HAProxy by the socket of its host, or a file.
ck_target() {
  case ${1:-} in
    haproxy)
      [ $# -eq 4 ] || bad target
      ck_path "$2"
      case $2 in *[!A-Za-z0-9._/-]*) bad path ;; esac
      ck_server "$3"
      ck_server "$4"
      ;;
    file) [ $# -eq 2 ] || bad target; ck_path "$2" ;;
    *) bad target ;;
  esac
}

ck_server() {
  case $1 in '' | *[!A-Za-z0-9_.:-]*) bad 'name of a server' ;; esac
  [ ${#1} -le 128 ] || bad 'name of a server'
}

ck_op() {
  [ $# -ge 3 ] || bad op
  ck_number op "$1"
  case $2 in
    user) [ $# -eq 6 ] || bad op; ck_user "$3"; ck_path "$4"; ck_path "$5"; ck_token comment "$6" ;;
    directory | file) [ $# -eq 6 ] || bad op; ck_path "$3"; ck_user "$4"; ck_user "$5"; ck_mode "$6" ;;
    remove) [ $# -eq 3 ] || bad op; ck_path "$3" ;;
    credential)
      [ $# -eq 4 ] || bad op
      ck_path "$3"
      case $4 in '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*) bad 'credential name' ;; esac
      ;;
    command)
      shift 2
      for word in "$@"; do [ "$word" = revert: ] || ck_token argv "$word"; done
      ;;
    *) bad op ;;
  esac
}
