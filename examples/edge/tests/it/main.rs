//! Runs the built binary on loopback ports and asks it from outside, as a deployer does.

mod bind;
mod check;
mod client;
mod edge;
mod faults;
mod handover;
mod pair;
mod serves;
mod stop;
mod tls;
mod upgrade;
