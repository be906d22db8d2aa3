//! What came when, told by the kernel: right however late it is read, and the stream is none the worse.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ehlo::net::ca::Ca;
use ehlo::net::dial::{self, DialOptions};
use ehlo::net::tls::{ServerTls, TlsOptions, TlsPlan};
use ehlo::net::{Conn, Peer, Turn};
use tokio::net::TcpListener;

/// How late the reader is.
const LATE: Duration = Duration::from_millis(30);
/// What two clocks may differ by.
const BLUR: Duration = Duration::from_millis(2);
/// No answer by then is none.
const ENOUGH: Duration = Duration::from_secs(20);

/// Both ends of a connection on loopback; of the first, arrivals are told if `stamps`.
async fn ends(stamps: bool) -> (Conn, Conn) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = DialOptions {
        stamps,
        ..DialOptions::default()
    };
    let (near, far) = tokio::join!(
        dial::tcp("127.0.0.1", port, &options, |_| ()),
        listener.accept()
    );
    let far = Conn::new(Box::new(far.unwrap().0), Peer::Memory);
    (near.unwrap(), far)
}

/// Sends a reply, reads it late, and says whether its arrival was told as one long before the reading.
/// Told or not: an arrival before the sending would be wrong.
async fn is_told(near: &mut Conn, far: &mut Conn) -> bool {
    let before = Instant::now();
    far.queue(b"250 ok\r\n");
    far.flush().await.unwrap();
    // Not to wait for anything: to be late.
    std::thread::sleep(LATE);
    let mut buffer = [0; 64];
    let turn = near.turn(&mut buffer).await.unwrap();
    let read = Instant::now();
    assert_eq!(turn, Turn::Read(8));
    let Some(arrived) = near.arrived() else {
        return false;
    };
    assert!(arrived + BLUR >= before, "it came before it was sent");
    arrived + LATE / 2 <= read
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_arrival_is_told_however_late_it_is_read() {
    let server = ServerTls::new(Arc::new(Ca::new()), false);
    let options = TlsOptions {
        roots: Some((&**server.ca()).into()),
        ..TlsOptions::default()
    };
    let plan = TlsPlan::new(Some("localhost"), &options).unwrap();
    for tls in [false, true] {
        let (mut near, mut far) = ends(true).await;
        assert_eq!(near.arrived(), None, "nothing has come");
        if tls {
            let (here, there) = tokio::join!(near.start_tls(&plan), far.accept_tls(&server));
            here.unwrap();
            there.unwrap();
        }
        // The kernel begins to note some time after it was asked, and may be busy.
        let begun = Instant::now();
        while !is_told(&mut near, &mut far).await {
            assert!(begun.elapsed() < ENOUGH, "nothing was told, TLS {tls}");
        }
    }
}

#[tokio::test]
async fn nothing_is_told_unasked() {
    let (mut near, mut far) = ends(false).await;
    assert!(!is_told(&mut near, &mut far).await);
}

#[tokio::test]
async fn a_stream_that_tells_is_a_stream() {
    const OCTETS: usize = 3_000_000;
    async fn pump(mut conn: Conn, fill: u8) -> Vec<u8> {
        conn.queue(&vec![fill; OCTETS]);
        let mut heard = Vec::new();
        let mut buffer = [0; 5000];
        while heard.len() < OCTETS || conn.queued() > 0 {
            match conn.turn(&mut buffer).await.unwrap() {
                Turn::Read(octets) => heard.extend_from_slice(&buffer[..octets]),
                Turn::Wrote => {}
                Turn::Eof => break,
            }
        }
        conn.shutdown().await.unwrap();
        assert_eq!(conn.turn(&mut buffer).await.unwrap(), Turn::Eof);
        heard
    }
    let (near, far) = ends(true).await;
    let (a, b) = tokio::join!(pump(near, b'a'), pump(far, b'b'));
    assert!(a.len() == OCTETS && a.iter().all(|octet| *octet == b'b'));
    assert!(b.len() == OCTETS && b.iter().all(|octet| *octet == b'a'));
}

#[tokio::test]
async fn an_end_right_behind_the_last_reply_is_heard() {
    // Twice: with the end there when the reply is read, and with it still to come.
    for late in [true, false] {
        let (mut near, mut far) = ends(true).await;
        far.queue(b"221 bye\r\n");
        far.flush().await.unwrap();
        let mut buffer = [0; 64];
        if late {
            far.shutdown().await.unwrap();
        }
        assert_eq!(near.turn(&mut buffer).await.unwrap(), Turn::Read(9));
        if !late {
            far.shutdown().await.unwrap();
        }
        let turn = tokio::time::timeout(ENOUGH, near.turn(&mut buffer)).await;
        assert_eq!(turn.unwrap().unwrap(), Turn::Eof);
    }
}
