//! Getting through, and what is said when there is no way.

use std::time::Duration;

use ehlo::net::dial::{self, DialOptions, Family, Outcome, Resolve};
use ehlo::net::listen::Listener;
use ehlo::net::proxy::ProxyHeader;
use ehlo::net::{Conn, Turn};

fn listener(addr: &str) -> (Listener, u16) {
    let listener = Listener::bind(addr.parse().unwrap()).unwrap();
    let port = listener.addr().unwrap().port();
    (listener, port)
}

/// A port on which nobody listens: it was free a moment ago.
fn closed_port() -> u16 {
    listener("127.0.0.1:0").1
}

async fn read(conn: &mut Conn) -> Vec<u8> {
    let mut buf = [0; 256];
    loop {
        match conn.turn(&mut buf).await.unwrap() {
            Turn::Read(n) => return buf[..n].to_vec(),
            Turn::Wrote => {}
            Turn::Eof => return Vec::new(),
        }
    }
}

#[tokio::test]
async fn every_address_is_tried_and_told() {
    let (_listener, port) = listener("127.0.0.1:0");
    let options = DialOptions {
        resolve: vec![
            Resolve::parse(&format!("mail.example.org:{port}:127.0.0.2,127.0.0.1")).unwrap(),
        ],
        ..DialOptions::default()
    };
    let mut told = Vec::new();
    let conn = dial::tcp("Mail.Example.org", port, &options, |a| told.push(a.clone()))
        .await
        .unwrap();
    assert_eq!(told[0].outcome, Outcome::Refused);
    let text = told[0].to_string();
    assert!(
        text.starts_with(&format!("127.0.0.2 port {port}: refused (")),
        "{text}"
    );
    assert_eq!(told[1].outcome, Outcome::Connected(conn.local().unwrap()));
    assert!(
        told[1]
            .to_string()
            .contains(&format!("connected from {}", conn.local().unwrap()))
    );
    assert!(conn.is_local());
}

#[tokio::test]
async fn faults_name_the_step() {
    let none = DialOptions::default();
    let port = closed_port();
    let error = dial::tcp("127.0.0.1", port, &none, |_| {})
        .await
        .unwrap_err();
    assert_eq!(error.kind.code(), 3);
    assert!(
        error.what.starts_with(&format!(
            "no connection to 127.0.0.1 port {port}: refused after "
        )),
        "{error}"
    );
    assert!(error.to_string().contains("nothing listens there"));

    let error = dial::tcp("no.such.host.invalid", 25, &none, |_| {})
        .await
        .unwrap_err();
    assert!(
        error
            .what
            .starts_with("unknown host no.such.host.invalid: "),
        "{error}"
    );
    let error = dial::tcp("a\u{1b}[2Jb", 25, &none, |_| {})
        .await
        .unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'));

    let four = DialOptions {
        family: Some(Family::V6),
        ..DialOptions::default()
    };
    let error = dial::tcp("127.0.0.1", port, &four, |_| {})
        .await
        .unwrap_err();
    assert_eq!(error.what, "127.0.0.1 has no IPv6 address");

    let missing = std::path::Path::new("/nonexistent/socket");
    let error = dial::unix(missing, &none).await.unwrap_err();
    assert_eq!(
        error.what,
        "no connection to unix:/nonexistent/socket: no such file or directory"
    );
}

/// A listener whose queue is full lets no more in, and says nothing.
#[tokio::test]
async fn silence_is_a_time_out() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    let options = DialOptions {
        timeout: Some(Duration::from_millis(200)),
        ..DialOptions::default()
    };
    let mut held = Vec::new();
    let error = loop {
        match dial::tcp("127.0.0.1", port, &options, |_| {}).await {
            Ok(conn) => held.push(conn),
            Err(error) => break error,
        }
        assert!(held.len() < 100, "the queue never fills");
    };
    assert!(error.what.contains(": timed out after "), "{error}");
    assert!(
        error.to_string().contains("a firewall drops the packets"),
        "{error}"
    );
}

#[tokio::test]
async fn the_source_address_can_be_chosen() {
    let (listener, port) = listener("127.0.0.1:0");
    let source = "127.0.0.9".parse().unwrap();
    let options = DialOptions {
        source: Some(source),
        ..DialOptions::default()
    };
    let conn = dial::tcp("127.0.0.1", port, &options, |_| {})
        .await
        .unwrap();
    assert_eq!(conn.local().unwrap().ip(), source);
    assert_eq!(
        listener.accept().await.unwrap().remote().unwrap().ip(),
        source
    );
    let options = DialOptions {
        source: Some("192.0.2.1".parse().unwrap()),
        ..DialOptions::default()
    };
    let error = dial::tcp("127.0.0.1", port, &options, |_| {})
        .await
        .unwrap_err();
    assert!(
        error.what.contains("this machine has no such address"),
        "{error}"
    );
}

#[tokio::test]
async fn a_proxy_header_comes_first() {
    let (listener, port) = listener("127.0.0.1:0");
    let options = DialOptions {
        proxy_header: Some(ProxyHeader::V1),
        ..DialOptions::default()
    };
    let mut conn = dial::tcp("127.0.0.1", port, &options, |_| {})
        .await
        .unwrap();
    conn.queue(b"EHLO x\r\n");
    let mut server = listener.accept().await.unwrap();
    assert_eq!(conn.turn(&mut [0; 9]).await.unwrap(), Turn::Wrote);
    let ours = conn.local().unwrap().port();
    let want = format!("PROXY TCP4 127.0.0.1 127.0.0.1 {ours} {port}\r\nEHLO x\r\n");
    assert_eq!(read(&mut server).await, want.as_bytes());
}

#[tokio::test]
async fn a_unix_socket_and_a_command_are_servers_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let server = tokio::net::UnixListener::bind(&path).unwrap();
    let mut conn = dial::unix(&path, &DialOptions::default()).await.unwrap();
    assert!(conn.is_local() && conn.peer().to_string().starts_with("unix:/"));
    let (mut there, _) = server.accept().await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut there, b"220 hi\r\n")
        .await
        .unwrap();
    assert_eq!(read(&mut conn).await, b"220 hi\r\n");

    let script = "echo 220 hi; read line; echo \"250 $line\"; cat >/dev/null; echo 221 bye";
    let mut conn = dial::command(script, &DialOptions::default()).unwrap();
    assert_eq!(read(&mut conn).await, b"220 hi\n");
    conn.queue(b"NOOP\n");
    assert_eq!(read(&mut conn).await, b"250 NOOP\n");
    conn.shutdown().await.unwrap();
    assert_eq!(read(&mut conn).await, b"221 bye\n");
    assert_eq!(read(&mut conn).await, b"");
    // Writing to a command that has gone is a fault, not an end of ours by a signal.
    conn.queue(b"more");
    assert!(conn.turn(&mut [0; 9]).await.is_err());
}
