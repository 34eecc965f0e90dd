# Host operations. Before each, what it replaces goes durably into $U (one file r<n> and maybe one r<n>.old), so that
# it can be undone by anybody, after any crash. A repeated operation keeps the first record.
use_undo() { U=$S/undo/$dep/$1; }

record() {
  [ -e "$U/r$n" ] && return 0
  [ -d "$U" ] || mkdir -p -m 0700 "$U"
  set -- "$*"
  say "$1" >"$U/new" && mv -T "$U/new" "$U/r$n" || die failed 'the undo record could not be written'
  set -- "$U/r$n" "$U"
  [ ! -e "$U/r$n.old" ] || set -- "$U/r$n.old" "$@"
  sync "$@" || die failed 'the undo record could not be written'
}

# Keeps what is at a path now: nothing, a directory's attributes, or a copy of a file or link.
record_path() {
  [ -e "$U/r$n" ] && return 0
  if [ -L "$1" ] || [ -f "$1" ]; then
    [ -d "$U" ] || mkdir -p -m 0700 "$U"
    cp -a --remove-destination -- "$1" "$U/r$n.old" || die failed "a copy of $1 could not be kept"
    record file "$1"
  elif [ -d "$1" ]; then
    record directory $(stat -c '%a %U %G' -- "$1") "$1"
  elif [ -e "$1" ]; then
    die failed "$1 is neither a file nor a directory"
  else
    record absent "$1"
  fi
}

# put SOURCE PATH OWNER GROUP MODE: makes PATH have that content; false when it had already.
put() {
  if [ -f "$2" ] && [ ! -L "$2" ] && cmp -s -- "$1" "$2"; then
    set -- "$@" $(stat -c '%U %G %a' -- "$2")
    [ "$3 $4 ${5#0}" = "$6 $7 $8" ] && return 1
  fi
  [ ! -d "$2" ] || [ -L "$2" ] || die failed "$2 is a directory"
  record_path "$2"
  copy_over "$1" "$2" "$3" "$4" "$5"
}

copy_over() {
  new=${2%/*}/.pdeploy.$$
  why=$({ install -m "$5" -o "$3" -g "$4" -- "$1" "$new" && sync "$new" && mv -fT -- "$new" "$2"; } 2>&1) && return 0
  rm -f -- "$new"
  die failed "$2 could not be written: $why"
}

# apply_ops DIRECTORY-OF-CONTENTS: the operations of the request, in order. Output: one `changed` line each.
apply_ops() {
  [ -n "$ops" ] || return 0
  contents=$1
  while read -r index kind rest; do
    n=$(printf %04d "$index")
    step="op $index"
    [ -z "$guarded" ] || still_pending
    set -- $rest
    "op_$kind" "$@"
  done <<EOF
${ops%"$NL"}
EOF
}

op_file() {
  [ -f "$contents/$index" ] || bad "content of op $index is missing"
  if put "$contents/$index" "$ROOT$1" "$2" "$3" "$4"; then say "changed file $1"; fi
}

op_directory() {
  path=$ROOT$1
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    set -- "$@" $(stat -c '%U %G %a' -- "$path")
    [ "$2 $3 ${4#0}" = "$5 $6 $7" ] && return 0
  elif [ -e "$path" ] || [ -L "$path" ]; then
    die failed "$1 is not a directory"
  fi
  record_path "$path"
  mkdir -p -- "$path" && chown "$2:$3" -- "$path" && chmod "$4" -- "$path" || die failed "directory $1 could not be made"
  say "changed directory $1"
}

# Encrypted for this host alone. The path says which text it is, so that one that is there is right. The name is part of
# what is encrypted.
op_credential() {
  path=$ROOT$1
  [ ! -e "$path" ] || return 0
  [ -f "$contents/$index" ] || bad "content of op $index is missing"
  record_path "$path"
  new=${path%/*}/.pdeploy.$$
  why=$({ mkdir -p -m 0700 -- "${path%/*}" && umask 077 && rm -f -- "$new" &&
    systemd-creds encrypt --with-key=host --name="$2" - "$new" <"$contents/$index" >/dev/null &&
    sync "$new" && mv -fT -- "$new" "$path" && sync "${path%/*}"; } 2>&1) && say "changed credential $1" && return 0
  rm -f -- "$new"
  die failed "credential $2 could not be encrypted: $why"
}

op_remove() {
  path=$ROOT$1
  [ -e "$path" ] || [ -L "$path" ] || return 0
  record_path "$path"
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    rmdir -- "$path" || die failed "directory $1 is not empty"
  else
    rm -f -- "$path" || die failed "$1 could not be removed"
  fi
  say "changed remove $1"
}

# Accounts stay when the deployment is undone: a number that is given again could inherit files.
op_user() {
  untoken "$4"
  case $text in *[!\ -~]* | *:* | *\"* | *\\*) bad 'user comment' ;; esac
  passwd_line "$1" || line=
  if [ -z "$line" ]; then
    # sysusers.d(5) fills in specifiers.
    case $text in *%*) text=$(printf '%s.' "$text" | sed 's/%/%%/g') && text=${text%.} ;; esac
    printf 'u %s - "%s" %s %s\n' "$1" "$text" "$2" "$3" >"$ETC/sysusers.d/pdeploy-$1.conf" 2>/dev/null || {
      mkdir -p "$ETC/sysusers.d"
      printf 'u %s - "%s" %s %s\n' "$1" "$text" "$2" "$3" >"$ETC/sysusers.d/pdeploy-$1.conf"
    }
    systemd-sysusers "$ETC/sysusers.d/pdeploy-$1.conf" 2>/dev/null || die failed "user $1 could not be created"
    record none "user $1"
    say "changed user $1"
    return 0
  fi
  case $line in *:"$2":"$3") return 0 ;; esac
  old=${line%:*}
  record user "$1" "${old##*:}" "${line##*:}"
  why=$(usermod -d "$2" -s "$3" -- "$1" 2>&1) || die failed "user $1 could not be changed: $why"
  say "changed user $1"
}

op_command() {
  [ ! -e "$U/r$n.done" ] || return 0
  undo_words=
  case " $* " in *' revert: '*) undo_words=${*#*revert: } ;; esac
  record command "${undo_words:--}"
  words=
  for word in "$@"; do
    [ "$word" = revert: ] && break
    words="$words $word"
  done
  run_words 120 $words || die failed "command $index failed: $out"
  : >"$U/r$n.done"
  say "changed command $index"
}

# Runs argv given as tokens; its last words are in $out.
run_words() {
  limit=$1
  shift
  argc=$#
  while [ $argc -gt 0 ]; do
    untoken "$1"
    shift
    set -- "$@" "$text"
    argc=$((argc - 1))
  done
  need_tmp
  status=0
  timeout -k 5 "$limit" "$@" </dev/null >"$tmp/out" 2>&1 9>&- || status=$?
  [ $status -eq 0 ] || out=$(tail -n 20 "$tmp/out" | cut -c1-2000)
  return $status
}

# undo_slot SLOT: newest first, going on after errors, which are counted in $errors.
undo_slot() {
  use_undo "$1"
  [ -d "$U" ] || return 0
  for name in $(ls -r "$U"); do
    case $name in r[0-9][0-9][0-9][0-9]) ;; *) continue ;; esac
    read -r kind rest <"$U/$name"
    if undo_one "$U/$name" "$kind" $rest; then
      [ "$kind" = none ] || say "undone $kind $rest"
      rm -f -- "$U/$name" "$U/$name.old" "$U/$name.done"
    else
      errors="$errors $kind $rest;"
    fi
  done
  rmdir "$U" 2>/dev/null || :
}

undo_one() {
  case $2 in
    none) return 0 ;;
    unit)
      place "$3"
      [ ! -e "$C" ] && [ -e "$I/made-unit" ] || return 0
      drop_durable "$R/$4"
      rm -f "$I/made-unit"
      ;;
    absent)
      if [ -d "$3" ] && [ ! -L "$3" ]; then rmdir -- "$3" 2>/dev/null || :; else rm -f -- "$3"; fi
      ;;
    file)
      cp -a --remove-destination -- "$1.old" "${3%/*}/.pdeploy.$$" && mv -fT -- "${3%/*}/.pdeploy.$$" "$3"
      ;;
    directory) mkdir -p -- "$6" && chown "$4:$5" -- "$6" && chmod "$3" -- "$6" ;;
    user) usermod -d "$4" -s "$5" -- "$3" >/dev/null 2>&1 ;;
    command)
      [ "$3" != - ] || return 0
      shift 2
      run_words 120 "$@"
      ;;
    *) return 1 ;;
  esac
}
