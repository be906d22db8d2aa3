//! Peers that misuse TLS itself: what comes instead of a handshake, in it, and behind it. The program
//! ends in its time with a code of its own, in bounded memory, and shows nothing that a terminal
//! would obey.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::DnType;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

use crate::common::{Ran, program, run_with};
use crate::lab::{self, SServer, Served};

const HOST: &str = "mail.example.org";

/// What a peer does once a ClientHello came.
type Deed = Box<dyn Fn(&mut TcpStream) + Send>;

/// Makes a deed of a ServerHello and of a message that announces 16 MiB.
type MakeDeed = fn(&[u8], &[u8]) -> Deed;

/// What a peer that speaks TLS does with the octets of its goodbye.
type AtTheEnd = fn(&mut TcpStream, Vec<u8>);

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Implicit,
    Starttls,
}

/// A peer for one connection that reads the ClientHello, then does its deed, and hangs up.
fn peer(door: Door, deed: Deed) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        // More than one may come: an old server is asked again what it would choose.
        while let Ok((mut stream, _)) = listener.accept() {
            let mut heard = [0; 4096];
            if door == Door::Starttls {
                let _ = stream.write_all(b"220 hi\r\n");
                let _ = stream.read(&mut heard);
                let _ = stream.write_all(b"250-here\r\n250 STARTTLS\r\n");
                let _ = stream.read(&mut heard);
                let _ = stream.write_all(b"220 go\r\n");
            }
            let _ = stream.read(&mut heard);
            deed(&mut stream);
            let _ = stream.shutdown(Shutdown::Write);
            while matches!(stream.read(&mut heard), Ok(1..)) {}
        }
    });
    port
}

/// The program there, with little time and little room: what asks for more room is aborted.
fn visit(door: Door, port: u16, more: &[&str], typed: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let scheme = match door {
        Door::Implicit => "smtps",
        Door::Starttls => "smtp",
    };
    let url = format!("{scheme}://{HOST}:{port}");
    let resolve = format!("{HOST}:{port}:127.0.0.1");
    let mut args = vec!["--timeout", "5", "--resolve", &resolve];
    args.extend(more);
    if door == Door::Starttls {
        args.push("--starttls");
    }
    args.push(&url);
    let ready = program(home.path());
    let mut limited = Command::new("sh");
    limited
        .env_clear()
        .envs(ready.get_envs().filter_map(|(k, v)| Some((k, v?))));
    limited.args(["-c", "ulimit -v 800000; exec \"$0\" \"$@\""]);
    limited.arg(ready.get_program());
    run_with(&mut limited, &args, typed)
}

fn harmless(what: &str, ran: &Ran) {
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("panicked"), "{what}: {text}");
        let shown = text.replace('\n', "");
        assert!(
            !ehlo::wire::show::is_hostile(shown.as_bytes()),
            "{what}: {shown}"
        );
        assert!(
            text.len() < 256 * 1024,
            "{what}: {} octets shown",
            text.len()
        );
    }
}

/// It ended as TLS that fails or a lost connection does, and showed nothing that acts.
fn ended(what: &str, ran: &Ran) {
    harmless(what, ran);
    assert!(
        matches!(ran.code, 4 | 6),
        "{what}: {}\n{}{}",
        ran.code,
        ran.out,
        ran.err
    );
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], body].concat()
}

fn for_ever(bytes: Vec<u8>) -> Deed {
    let many = bytes.repeat(1 + 16_384 / bytes.len());
    Box::new(move |stream| while stream.write_all(&many).is_ok() {})
}

fn once(bytes: Vec<u8>) -> Deed {
    Box::new(move |stream| drop(stream.write_all(&bytes)))
}

/// Nothing of this is TLS, or it goes on for ever: exit 4, said in a line, nothing sent.
#[test]
fn what_is_no_handshake_ends_with_4() {
    // A ServerHello of TLS 1.2 that is cut, one with a length beyond its record, a huge message.
    let hello = [&[2, 0, 0, 70, 3, 3][..], &[7; 64]].concat();
    let huge = [&[11, 0xff, 0xff, 0xff][..], &[0; 16_000]].concat();
    let deeds: Vec<(&str, MakeDeed)> = vec![
        ("garbage", |_, _| once(vec![0xa5; 4096])),
        ("garbage for ever", |_, _| for_ever(vec![0xa5; 4096])),
        ("zeros for ever", |_, _| for_ever(vec![0; 4096])),
        ("text for ever", |_, _| {
            for_ever(b"\x1b[2J\xc2\x9b31m".to_vec())
        }),
        ("http", |_, _| {
            once(b"HTTP/1.1 400 \x1b]0;x\x07\r\n\r\n".to_vec())
        }),
        ("no word", |_, _| once(Vec::new())),
        ("half a record", |hello, _| {
            once(record(22, hello)[..20].to_vec())
        }),
        ("empty records for ever", |_, _| for_ever(record(22, b""))),
        ("empty data for ever", |_, _| for_ever(record(23, b""))),
        ("half a hello", |hello, _| once(record(22, hello))),
        ("hellos for ever", |_, _| {
            for_ever(record(22, &[2, 0, 0, 0]))
        }),
        ("a message of 16 MiB", |_, huge| for_ever(record(22, huge))),
        ("a record too long", |_, _| {
            once([&[22, 3, 3, 0xff, 0xff][..], &[0; 65_535]].concat())
        }),
        ("warnings for ever", |_, _| for_ever(record(21, &[1, 90]))),
        ("goodbyes for ever", |_, _| for_ever(record(21, &[1, 0]))),
        ("a fatal alert", |_, _| once(record(21, &[2, 40]))),
        ("an alert of no kind", |_, _| once(record(21, &[9, 254]))),
        ("cipher changes for ever", |_, _| for_ever(record(20, &[1]))),
        ("heartbeats", |_, _| for_ever(record(24, &[1, 0xff, 0xff]))),
        ("hello requests for ever", |_, _| {
            for_ever(record(22, &[0, 0, 0, 0]))
        }),
    ];
    for (what, deed) in deeds {
        for door in [Door::Implicit, Door::Starttls] {
            let port = peer(door, deed(&hello, &huge));
            let ran = visit(door, port, &["--login", "PLAIN", "--user", "a"], "NOOP\n");
            let what = format!("{what}, {door:?}");
            ended(&what, &ran);
            assert!(
                !ran.err.is_empty() || ran.out.contains("!!"),
                "{what}: {}",
                ran.out
            );
            assert!(!ran.out.contains("~>"), "{what}: {}", ran.out);
        }
    }
}

fn config(served: Served) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(served.chain, served.key)
        .unwrap()
}

/// A TLS server whose octets are ours to send: shakes hands, says `said`, then does its deed with
/// what the end of TLS would be.
fn speaks_tls(config: ServerConfig, said: &'static [u8], deed: AtTheEnd) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            while tls.is_handshaking() {
                if tls.complete_io(&mut stream).is_err() {
                    break;
                }
            }
            let _ = tls.writer().write_all(said);
            while tls.wants_write() && tls.write_tls(&mut stream).is_ok() {}
            tls.send_close_notify();
            let mut end = Vec::new();
            while tls.wants_write() && tls.write_tls(&mut end).is_ok() {}
            deed(&mut stream, end);
            let _ = stream.shutdown(Shutdown::Write);
            let mut heard = [0; 4096];
            while matches!(stream.read(&mut heard), Ok(1..)) {}
        }
    });
    port
}

/// What comes behind the handshake: cut records, records that are none, words after the goodbye.
#[test]
fn what_breaks_tls_later_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let ca = ca_file(dir.path(), root.pem());
    let deeds: &[(&str, AtTheEnd)] = &[
        ("cut in a record", |stream, end| {
            drop(stream.write_all(&end[..end.len() / 2]));
        }),
        ("no goodbye", |_, _| {}),
        ("words after the goodbye", |stream, end| {
            let _ = stream.write_all(&end);
            let _ = stream.write_all(b"250 \x1b[2Jinjected\r\n");
        }),
        ("records after the goodbye for ever", |stream, end| {
            let _ = stream.write_all(&end);
            let many = record(23, &[0xa5; 100]).repeat(100);
            while stream.write_all(&many).is_ok() {}
        }),
        ("plain text", |stream, _| {
            drop(stream.write_all(b"250 \x1b[2Jinjected\r\n"));
        }),
        ("a record that nobody made", |stream, _| {
            drop(stream.write_all(&record(23, &[0xa5; 100])));
        }),
        ("warnings in the clear for ever", |stream, _| {
            let many = record(21, &[1, 90]).repeat(100);
            while stream.write_all(&many).is_ok() {}
        }),
        ("cipher changes for ever", |stream, _| {
            let many = record(20, &[1]).repeat(100);
            while stream.write_all(&many).is_ok() {}
        }),
    ];
    for version in ["1.2", "1.3"] {
        for (what, deed) in deeds {
            let served = lab::issue(&lab::params("Lab Leaf", &[HOST]), &root, &[]);
            let port = speaks_tls(config(served), b"220 hi\r\n", *deed);
            let limits = ["--ca-file", &ca, "--tls-min", version, "--tls-max", version];
            let ran = visit(Door::Implicit, port, &limits, "EHLO me.test\n");
            let what = format!("{what}, {version}");
            ended(&what, &ran);
            // What stands in one segment with the end of the handshake spoils that.
            let heard =
                ran.out.contains("<~  220 hi") || ran.out.contains("the TLS handshake failed");
            assert!(heard, "{what}: {}{}", ran.out, ran.err);
            assert!(!ran.out.contains("injected"), "{what}: {}", ran.out);
        }
    }
}

fn ca_file(dir: &Path, pem: String) -> String {
    let path = dir.join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    path.display().to_string()
}

/// More tickets than anybody needs are passed over; a flood that fills what TLS may hold is an end.
#[test]
fn a_flood_of_tickets_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let ca = ca_file(dir.path(), root.pem());
    for (tickets, heard) in [(100, true), (50_000, false)] {
        let served = lab::issue(&lab::params("Lab Leaf", &[HOST]), &root, &[]);
        let mut config = config(served);
        config.send_tls13_tickets = tickets;
        let port = speaks_tls(config, b"220 hi\r\n", |stream, end| {
            drop(stream.write_all(&end));
        });
        let ran = visit(Door::Implicit, port, &["--ca-file", &ca], "");
        ended("tickets", &ran);
        let greeted = ran.out.contains("<~  220 hi");
        assert!(greeted || !heard, "{}{}", ran.out, ran.err);
    }
}

/// Chains that are long, names without number, and fields that would paint the screen.
#[test]
fn certificates_of_any_size_are_told_in_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let ca = ca_file(dir.path(), root.pem());
    let paint = "a\u{1b}[2J\u{9b}31m\u{202e}b\u{0}c\u{7f}\u{200b}\r\nd";
    let painted = || {
        let mut params = lab::params(paint, &[HOST]);
        params
            .distinguished_name
            .push(DnType::OrganizationName, paint);
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, "x".repeat(20_000));
        lab::issue(&params, &root, &[])
    };
    let names: Vec<String> = (0..2_000).map(|n| format!("n{n}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let many_names = || lab::issue(&lab::params("Lab Leaf", &names), &root, &[]);
    let chain = |length: usize| {
        let mut served = lab::issue(&lab::params("Lab Leaf", &["other.example"]), &root, &[]);
        let next = served.chain[0].clone();
        served.chain.extend(std::iter::repeat_n(next, length));
        served
    };
    let cases = [
        ("painted", painted()),
        ("many names", many_names()),
        ("a chain of 100", chain(100)),
        ("a chain of 10,000", chain(10_000)),
    ];
    for (what, served) in cases {
        let port = speaks_tls(config(served), b"220 hi\r\n", |stream, end| {
            let _ = stream.write_all(&end);
        });
        for more in [
            &["--ca-file", &ca][..],
            &["--ca-file", &ca, "--json"],
            &["--insecure"],
        ] {
            let ran = visit(Door::Implicit, port, more, ":tls\n");
            harmless(what, &ran);
            let trusted =
                what == "painted" || more == ["--insecure"] && what != "a chain of 10,000";
            assert_eq!(
                ran.code == 4,
                !trusted,
                "{what} {more:?}: {}\n{}{}",
                ran.code,
                ran.out,
                ran.err
            );
        }
    }
}

/// A server of TLS 1.2 that asks to begin anew: refused, and the session goes on or ends with a word.
#[test]
fn renegotiation_is_not_done() {
    let dir = tempfile::tempdir().unwrap();
    lab::openssl(
        dir.path(),
        &[
            "req",
            "-x509",
            "-nodes",
            "-newkey",
            "rsa:2048",
            "-subj",
            "/CN=mail.example.org",
            "-days",
            "30",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ],
    );
    let mut server = SServer::start(dir.path(), &["-tls1_2"]);
    server.say("220 hi\r\nR\nR\nR\n");
    let ran = visit(Door::Implicit, server.port, &["--insecure"], "");
    harmless("renegotiation", &ran);
    assert!(
        matches!(ran.code, 4 | 6),
        "{}\n{}{}",
        ran.code,
        ran.out,
        ran.err
    );
}
