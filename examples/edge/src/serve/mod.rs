//! What the process answers itself, on the admin, metrics and proxy ports.

pub mod admin;
pub mod health;
pub mod metrics;
pub mod reply;
