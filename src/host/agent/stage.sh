# From .incoming to releases/<digest>: read back, made durable, then visible by one rename.
stage_release() {
  rel=$in/release
  cd "$rel"
  check_manifest
  if [ -e "$R/$digest" ] && intact "$digest"; then
    accept_release "$R/$digest" "$digest"
    # Whoever brought it may have been killed before its name was safe.
    sync "$R"
    cd /
    return 0
  fi
  # A unit that is not sent is that of the release it is taken over from, as the manifest makes sure below.
  theirs=$rel
  [ -e "$rel/unit" ] || [ -z "$reuse" ] || theirs=$R/$reuse
  unit_user "$theirs"
  # Owner root, group the service's: a 0640 file with a secret can be read by the service and by nobody else.
  [ -z "$private" ] || [ "$group" = root ] || chown -R "root:$group" -- .
  link_unsent
  accept_release "$rel" "$digest"
  policy_release "$rel"
  names=".verified manifest $sent $dirs"
  if [ -n "$metas" ]; then
    mv -- $metas .
    for name in $metas; do names="$names ${name##*/}"; done
    metas=
  fi
  stamp "$rel" >.verified
  with_names sync -- .
  cd /
  [ ! -e "$R/$digest" ] || mv -T "$R/$digest" "$in/damaged"
  mv -T "$rel" "$R/$digest"
  units_read=$R/$digest
  sync "$R"
  say "changed release $digest"
}
