//! Exim, from its unpacked packages: one ALPN id only, STARTTLS and AUTH as a server other than
//! Postfix has them.

use std::net::TcpListener;
use std::process::Command;

use tempfile::TempDir;

use crate::rig::{Said, ehlo_with};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/exim");

struct Exim {
    folder: TempDir,
    smtp: u16,
    smtps: u16,
}

impl Exim {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let held = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let [smtp, smtps] = held.each_ref().map(|l| l.local_addr().unwrap().port());
        drop(held);
        let out = Command::new(SCRIPT)
            .arg(folder.path())
            .args([smtp, smtps].map(|port| port.to_string()))
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{error}");
        Self {
            folder,
            smtp,
            smtps,
        }
    }

    fn says(&self, scheme: &str, options: &[&str], typed: &str) -> Said {
        let port = match scheme {
            "smtps" => self.smtps,
            _ => self.smtp,
        };
        let mut args = vec!["--ca-file".to_owned(), self.file("cert.pem")];
        args.extend(options.iter().map(|option| (*option).to_owned()));
        args.push(format!("{scheme}://localhost:{port}"));
        ehlo_with(&args, typed, &[("EHLO_PASSWORD", "wonderland")])
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        let _ = Command::new(SCRIPT)
            .arg("--down")
            .arg(self.folder.path())
            .status();
    }
}

#[test]
#[ignore = "needs root and apt: unpacks Debian's Exim"]
fn exim_takes_one_alpn_id_starttls_and_every_mechanism_it_offers() {
    let exim = Exim::start();
    // Alert 120 for anything but its own id alone; none at all is what is offered by default.
    for scheme in ["smtps", "smtp"] {
        let typed = match scheme {
            "smtp" => "EHLO me.example.net\nSTARTTLS\n:tls\nEHLO me.example.net\nQUIT\n",
            _ => ":tls\nEHLO me.example.net\nQUIT\n",
        };
        exim.says(scheme, &[], typed)
            .has(&["ALPN      none agreed on", "221 exim.ehlo.test"])
            .ends(0);
        exim.says(scheme, &["--alpn", "smtp"], typed)
            .has(&["ALPN      smtp", "221 exim.ehlo.test"])
            .ends(0);
        exim.says(scheme, &["--alpn", "http/1.1"], typed)
            .has(&["alert 120, no_application_protocol", "without --alpn"])
            .ends(4);
    }
    // STARTTLS by hand, a login, a message.
    exim.says(
        "smtp",
        &[],
        "EHLO me.example.net\nSTARTTLS\nEHLO me.example.net\n:auth alice\nMAIL FROM:<alice@ehlo.test>\nRCPT TO:<someone@elsewhere.example>\nDATA\nSubject: hi\n\nout\n.\nQUIT\n",
    )
    .has(&[
        "<-  220 TLS go ahead",
        "==  trusted: localhost",
        // The strongest of PLAIN LOGIN CRAM-MD5 NTLM that is spoken here.
        "~>  AUTH CRAM-MD5",
        "<~  235 ",
        "<~  250 Accepted",
        "<~  250 OK id=",
    ])
    .ends(0);
    for mechanism in ["PLAIN", "LOGIN", "CRAM-MD5"] {
        let typed = format!("EHLO me.example.net\n:auth {mechanism} alice\nQUIT\n");
        exim.says("smtps", &[], &typed).has(&["<~  235 "]).ends(0);
        let typed = format!("EHLO me.example.net\n:auth {mechanism} nobody\nNOOP\nQUIT\n");
        // Refused, and the session goes on.
        exim.says("smtps", &[], &typed)
            .has(&["<~* 535 ", "~>  NOOP", "221 "])
            .ends(5);
    }
    let typed = "EHLO me.example.net\n:auth NTLM alice\nQUIT\n";
    let said = exim.says("smtps", &[], typed);
    assert!(said.err.contains("NTLM (Windows"), "{}", said.err);
    said.has(&["221 "]).ends(5);
    let cert = exim.file("client.pem");
    exim.says(
        "smtps",
        &["--cert", &cert],
        "EHLO me.example.net\n:auth EXTERNAL alice\nQUIT\n",
    )
    .has(&["AUTH PLAIN LOGIN CRAM-MD5 NTLM EXTERNAL", "<~  235 "])
    .ends(0);
    // The session of the first connection is resumed, and its login made again.
    exim.says(
        "smtps",
        &[],
        "EHLO me.example.net\n:auth PLAIN alice\n:reconnect\nQUIT\n",
    )
    .has(&["<~  235 ", ", resumed", "~>  AUTH PLAIN", "<~  235 "])
    .ends(0);
}
