/** What every name needs that reaches a command line of ssh. */
export const HOST_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/;
export const SERVICE_NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** The excluded words name other things beside the instances on a host (docs/host-protocol.md). */
export const INSTANCE_NAME = /^(?!(?:releases|undo|lease|epoch|anchors)$)[a-z0-9][a-z0-9-]{0,31}$/;
export const VAR_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;
export const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/;

/** The group that always exists. */
export const ALL = 'all';

export const HOST_NAME_RULE = 'letters, digits, dots, dashes and _, beginning with a letter, digit or _';
