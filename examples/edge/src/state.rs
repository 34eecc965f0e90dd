use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::identity::Identity;

/// What all services of the process share.
pub struct State {
    pub identity: Identity,
    drain_file: Option<PathBuf>,
    never_ready: bool,
    started: AtomicBool,
    draining: AtomicBool,
}

impl State {
    pub fn new(identity: Identity, drain_file: Option<PathBuf>, never_ready: bool) -> Self {
        let (started, draining) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { identity, drain_file, never_ready, started, draining }
    }

    pub fn set_started(&self) {
        self.started.store(true, Ordering::SeqCst);
    }

    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    pub fn started(&self) -> bool {
        self.started.load(Ordering::SeqCst)
    }

    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Why this instance should get no traffic, if it should not.
    pub fn unready(&self) -> Option<&'static str> {
        if self.never_ready {
            Some("fault.never_ready")
        } else if !self.started() {
            Some("starting")
        } else if self.draining() {
            Some("draining")
        } else if self.drain_file.as_ref().is_some_and(|file| file.exists()) {
            Some("drain file")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(drain_file: Option<PathBuf>, never_ready: bool) -> State {
        State::new(Identity::new("r1".into(), false, String::new()), drain_file, never_ready)
    }

    #[test]
    fn ready_between_start_and_drain() {
        let state = state(None, false);
        assert_eq!(state.unready(), Some("starting"));
        state.set_started();
        assert_eq!(state.unready(), None);
        state.set_draining();
        assert_eq!(state.unready(), Some("draining"));
    }

    #[test]
    fn the_drain_file_and_the_fault_hold_it_back() {
        let file = std::env::current_exe().unwrap();
        for (state, reason) in [(state(Some(file), false), "drain file"), (state(None, true), "fault.never_ready")] {
            state.set_started();
            assert_eq!(state.unready(), Some(reason));
        }
    }
}
