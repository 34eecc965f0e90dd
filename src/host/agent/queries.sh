# Answers to the questions of resources, by their number.
say_answers() {
  [ -n "$queries" ] || return 0
  while read -r index kind rest; do
    case $kind in
      path | text) say_path "$index" "$kind" "$rest" ;;
      user)
        if passwd_line "$rest"; then say "answer $index user $line"; else say "answer $index absent"; fi
        ;;
      exec)
        if run_words 30 $rest; then status=0; else status=$?; fi
        say "answer $index exit $status"
        ;;
    esac
  done <<EOF
${queries%"$NL"}
EOF
}

# The account in $line; getent knows those that are not in the file.
passwd_line() {
  while IFS= read -r line; do
    case $line in "$1:"*) return 0 ;; esac
  done <"$ETC/passwd"
  line=$(getent passwd "$1")
}

say_path() {
  path=$ROOT$3
  policy_reader "$path"
  set -- "$1" "$2" $($reader stat -c '%a %U %G %s %F' -- "$path" 2>/dev/null)
  if [ $# -lt 7 ]; then
    say "answer $1 absent"
    return 0
  fi
  case $7 in
    regular) type=f ;;
    directory) type=d ;;
    symbolic) type=l ;;
    *) type=o ;;
  esac
  sha=- text=
  if [ $type = f ]; then
    sha=$($reader sha256sum -- "$path" 2>/dev/null) || sha=-
    sha=${sha%% *}
    if [ "$2" = text ] && [ "$6" -le 262144 ]; then
      text=$($reader base64 -w0 -- "$path" 2>/dev/null) || text=
      text=" ${text:--}"
    fi
  fi
  say "answer $1 path $type $3 $4 $5 $6 $sha$text"
}
