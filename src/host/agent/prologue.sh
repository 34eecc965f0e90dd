# Shared by every verb: a closed environment, and names that every part relies on.
set -eu
set -f
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
unset CDPATH ENV BASH_ENV IFS
ROOT=
NL='
'
OPT=$ROOT/opt/pdeploy
VAR=$ROOT/var/lib/pdeploy
RUN=$ROOT/run/pdeploy
ETC=$ROOT/etc
SYSTEM=$ETC/systemd/system
CONTROL=$ROOT/run/systemd/system.control
LIBEXEC=$ROOT/usr/local/libexec/pdeploy
op=- svc= inst= epoch= dep= verb= payload=none step=start tmp= u_invocation= need_reload= restored= guarded= arming= units_read= bound= late=
trap 'on_exit $?' EXIT
