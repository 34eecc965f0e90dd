//! Exit codes, in the sense of sysexits where one fits.

/// `fault.exit_after_ms`.
pub const FAULT: i32 = 1;
/// No configuration was named on the command line.
pub const USAGE: i32 = 2;
/// Not serving on every address by the deadline.
pub const NOT_SERVING: i32 = 70;
/// The configuration, certificate or key was refused.
pub const CONFIG: i32 = 78;
/// `fault.crash_on_path`: what a panic in `main` would give.
pub const CRASH: i32 = 101;
