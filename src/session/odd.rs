//! Ways to break the rules on purpose, for people who test servers: what waits to be written is
//! taken, cut, dripped or added to. The engine knows nothing of it.

use std::future::poll_fn;
use std::time::Duration;

use super::{Link, Session};

impl Session {
    /// Takes back what was submitted and is not written yet.
    pub fn take_queued(&mut self) -> Vec<u8> {
        match &mut self.link {
            Link::Open(conn) => conn.take_queued(),
            _ => Vec::new(),
        }
    }

    /// Puts octets behind what waits to be written.
    pub fn queue_behind(&mut self, bytes: &[u8]) {
        if let Link::Open(conn) = &mut self.link {
            conn.queue(bytes);
        }
    }

    /// Writes what is queued. What comes meanwhile is read and told later. Cancel-safe.
    pub async fn flush(&mut self) {
        poll_fn(|cx| {
            while self.queued() > 0 && matches!(self.link, Link::Open(_)) {
                std::task::ready!(self.poll_open(cx));
            }
            std::task::Poll::Ready(())
        })
        .await;
    }

    /// Writes what is queued an octet at a time.
    pub async fn drip(&mut self, every: Duration) {
        let octets = self.take_queued();
        for (index, octet) in octets.iter().enumerate() {
            if index > 0 {
                tokio::time::sleep(every).await;
            }
            self.queue_behind(&[*octet]);
            self.flush().await;
            if self.is_over() {
                return;
            }
        }
    }

    /// Tells the peer that nothing more will be sent; reading goes on.
    ///
    /// # Errors
    /// What the system says.
    pub async fn half_close(&mut self) -> std::io::Result<()> {
        match &mut self.link {
            Link::Open(conn) => conn.shutdown().await,
            _ => Ok(()),
        }
    }
}
