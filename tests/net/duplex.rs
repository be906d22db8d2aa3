//! Full pipes, dropped turns, ends.

use std::io;

use ehlo::net::{Conn, Peer, Turn, pair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Two sides that both write far more than the pipe holds before either has read: neither may wait
/// for the other.
#[tokio::test]
async fn two_full_pipes_do_not_stop_each_other() {
    async fn pump(mut conn: Conn, fill: u8, octets: usize) -> Vec<u8> {
        conn.queue(&vec![fill; octets]);
        let mut heard = Vec::new();
        let mut buf = [0; 500];
        while heard.len() < octets || conn.queued() > 0 {
            match conn.turn(&mut buf).await.unwrap() {
                Turn::Read(n) => heard.extend_from_slice(&buf[..n]),
                Turn::Wrote => {}
                Turn::Eof => break,
            }
        }
        heard
    }
    let (here, there) = pair(1024);
    let (a, b) = tokio::join!(pump(here, b'a', 200_000), pump(there, b'b', 200_000));
    assert!(a.len() == 200_000 && a.iter().all(|b| *b == b'b'));
    assert!(b.len() == 200_000 && b.iter().all(|b| *b == b'a'));
}

/// A turn that is polled once and dropped, again and again, loses and repeats nothing.
#[tokio::test]
async fn dropped_turns_lose_no_octet() {
    let (mut here, mut there) = pair(7);
    let sent: Vec<u8> = (0..20_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    here.queue(&sent);
    let mut heard = Vec::new();
    let (mut near, mut far) = ([0; 3], [0; 5]);
    while heard.len() < sent.len() {
        tokio::select! {
            biased;
            turn = there.turn(&mut far) => match turn.unwrap() {
                Turn::Read(n) => heard.extend_from_slice(&far[..n]),
                other => panic!("{other:?}"),
            },
            turn = here.turn(&mut near) => assert_eq!(turn.unwrap(), Turn::Wrote),
        }
    }
    assert_eq!(heard, sent);
}

#[tokio::test]
async fn the_end_is_told_and_writing_goes_on() {
    let (mut here, mut there) = pair(64);
    there.queue(b"221 bye\r\n");
    there.shutdown().await.unwrap();
    let mut buf = [0; 64];
    assert_eq!(here.turn(&mut buf).await.unwrap(), Turn::Read(9));
    assert_eq!(here.turn(&mut buf).await.unwrap(), Turn::Eof);
    assert!(!here.truncated(), "without TLS there is nothing to cut");
    here.queue(b"late");
    here.shutdown().await.unwrap();
    assert_eq!(there.turn(&mut buf).await.unwrap(), Turn::Read(4));
}

/// The peer says why and hangs up while we are still writing: its words come first, the fault after.
#[tokio::test]
async fn last_words_are_heard_before_a_write_fault() {
    let (near, mut far) = tokio::io::duplex(16);
    let mut conn = Conn::new(Box::new(near), Peer::Memory);
    far.write_all(b"421 too busy\r\n").await.unwrap();
    drop(far);
    conn.queue(&[b'x'; 100]);
    let mut buf = [0; 64];
    assert_eq!(conn.turn(&mut buf).await.unwrap(), Turn::Read(14));
    assert_eq!(&buf[..14], b"421 too busy\r\n");
    let fault = conn.turn(&mut buf).await.unwrap_err();
    assert_eq!(fault.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(conn.turn(&mut buf).await.unwrap(), Turn::Eof);
}

#[tokio::test]
async fn owned_octets_keep_their_place_in_the_queue() {
    let (near, mut far) = tokio::io::duplex(64);
    let mut conn = Conn::new(Box::new(near), Peer::Memory);
    conn.queue_owned(b"one ".to_vec());
    conn.queue(b"two ");
    conn.queue_owned(b"three".to_vec());
    assert_eq!(conn.queued(), 13);
    conn.shutdown().await.unwrap();
    let mut heard = String::new();
    far.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "one two three");
}
