//! The signals that stop the service.

use std::io;

use actix_web::rt::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM, which supervisors send, and SIGINT, which Ctrl-C sends.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on these signals do not end the process by themselves; also the first process of a
    /// container, which the kernel shields from signals that it does not handle, hears them.
    pub fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one, and returns its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
