# From .incoming to releases/<digest>: read back, made durable, then visible by one rename.
stage_release() {
  rel=$in/release
  cd "$rel"
  check_manifest "$rel"
  unit_user "$rel"
  # Owner root, group the service's: a 0640 file with a secret can be read by the service and by nobody else.
  chown -R "root:$group" -- "$rel"
  find . -type d -exec chmod 0755 {} +
  find . ! -name . -print0 | xargs -0 sync -- "$rel"
  stamp "$rel" >"$rel/.verified"
  sync "$rel/.verified" "$rel"
  cd /
  if [ -e "$R/$digest" ]; then
    if intact "$digest"; then return 0; fi
    mv -T "$R/$digest" "$in/damaged"
  fi
  mv -T "$rel" "$R/$digest"
  sync "$R"
  say "changed release $digest"
}
