//! When octets arrived, by the kernel's own clock: for those who measure a server and may come late
//! to read what it said.
//!
//! Rules: TCP on Linux only, elsewhere nothing is known and the moment of reading has to do; a time
//! is that of the last octet read, of whatever layer it was (under TLS of the record it was in).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpStream;

use super::Io;

/// When the octets that were read last had arrived; shared by a connection and the stream below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrival(Arc<AtomicU64>);

impl Arrival {
    /// `None` when the kernel did not say.
    pub(super) fn at(&self) -> Option<Instant> {
        let nanos = self.0.load(Ordering::Relaxed);
        if nanos == 0 {
            return None;
        }
        // The kernel tells the time of day, which may be set; how long ago that was is all it is good for.
        // Asked first, so that a pause between the two clocks makes nothing look faster.
        let age = (SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)).elapsed();
        Instant::now().checked_sub(age.unwrap_or_default())
    }

    /// Notes the time of day at which octets came.
    #[cfg(target_os = "linux")]
    pub(super) fn note(&self, since_epoch: Option<Duration>) {
        let nanos = since_epoch.and_then(|at| u64::try_from(at.as_nanos()).ok());
        self.0.store(nanos.unwrap_or_default(), Ordering::Relaxed);
    }
}

/// The stream, with its arrivals noted where the kernel does that.
#[cfg(target_os = "linux")]
pub(super) fn noted(stream: TcpStream) -> (Box<dyn Io>, Option<Arrival>) {
    let arrival = Arrival::default();
    match super::stamped::Stamped::new(stream, arrival.clone()) {
        Ok(stamped) => (Box::new(stamped), Some(arrival)),
        Err(stream) => (Box::new(stream), None),
    }
}

/// The stream: nobody notes arrivals here.
#[cfg(not(target_os = "linux"))]
pub(super) fn noted(stream: TcpStream) -> (Box<dyn Io>, Option<Arrival>) {
    (Box::new(stream), None)
}
