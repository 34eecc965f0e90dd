# Host operations alone, for playbooks that set a host up and deploy nothing.
do_apply() {
  need svc epoch dep
  trap '' HUP PIPE
  step=lease
  require_epoch
  [ -d "$S" ] || mkdir -p "$S"
  make_incoming
  step=unpack
  unpack
  must_lock
  require_epoch
  use_undo p
  step=operations
  apply_ops "$in/op"
  unlock
}
