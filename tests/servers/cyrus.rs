//! Cyrus IMAP, from its unpacked packages: SCRAM-SHA-512, -PLUS and APOP, which Dovecot has not.

use std::net::TcpListener;
use std::process::Command;

use tempfile::TempDir;

use crate::rig::{Said, ehlo_with};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/cyrus");

struct Cyrus {
    folder: TempDir,
    ports: [u16; 3],
}

impl Cyrus {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let held: Vec<TcpListener> = (0..3)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let ports = [0, 1, 2].map(|n: usize| held[n].local_addr().unwrap().port());
        drop(held);
        let out = Command::new(SCRIPT)
            .arg(folder.path())
            .args(ports.map(|port| port.to_string()))
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{error}");
        Self { folder, ports }
    }

    fn login(&self, scheme: &str, mechanism: &str) -> Said {
        let port = match scheme {
            "imap" => self.ports[0],
            "imaps" => self.ports[1],
            _ => self.ports[2],
        };
        let args = [
            "--ca-file".to_owned(),
            self.folder.path().join("cert.pem").display().to_string(),
            format!("{scheme}://localhost:{port}"),
        ];
        let goodbye = if scheme == "pop3" { "QUIT" } else { "LOGOUT" };
        let typed = format!(":auth {mechanism} alice\n{goodbye}\n");
        ehlo_with(&args, &typed, &[("EHLO_PASSWORD", "wonderland")])
    }
}

impl Drop for Cyrus {
    fn drop(&mut self) {
        let _ = Command::new(SCRIPT)
            .arg("--down")
            .arg(self.folder.path())
            .status();
    }
}

#[test]
#[ignore = "needs root and apt: unpacks Debian's Cyrus IMAP"]
fn cyrus_takes_every_mechanism_it_offers() {
    let cyrus = Cyrus::start();
    for mechanism in [
        "PLAIN",
        "LOGIN",
        "CRAM-MD5",
        "DIGEST-MD5",
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
        "SCRAM-SHA-512",
    ] {
        cyrus
            .login("imap", mechanism)
            .has(&["a1 OK", "BYE"])
            .ends(0);
    }
    // Under TLS it offers -PLUS: the flag must then be n, not y.
    cyrus
        .login("imaps", "SCRAM-SHA-256")
        .has(&["binding n (not wanted", "signature is right", "a1 OK"])
        .ends(0);
    cyrus
        .login("pop3", "APOP")
        .has(&["APOP alice ••••", "+OK"])
        .ends(0);
    // It binds by tls-unique alone, which TLS 1.3 has not: refused, and said why.
    cyrus
        .login("imaps", "SCRAM-SHA-256-PLUS")
        .has(&[
            "binding p (tls-exporter",
            "a1 NO",
            ":auth SCRAM-SHA-256",
            "BYE",
        ])
        .ends(5);
}
