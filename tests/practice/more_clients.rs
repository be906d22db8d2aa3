//! More clients that nobody here wrote: mpop, s-nail and OfflineIMAP, under the rules of `clients`.

use std::path::Path;

use crate::clients::{Server, have};

/// Files under a folder, at any depth.
fn files(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).unwrap();
    let count = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path) } else { 1 }
    };
    entries.map(count).sum()
}

/// Alice's INBOX, by POP3's count.
fn inbox(server: &Server) -> usize {
    server.count("alice", "wonderland")
}

#[test]
fn mpop() {
    if !have("mpop") {
        return;
    }
    let server = Server::start(&[]);
    let (ca, home) = (server.ca.display(), server.home.path().display());
    let there = inbox(&server);
    let ways = [
        ("pop3", "tls off".to_owned()),
        (
            "pop3",
            format!("tls on\ntls_starttls on\ntls_trust_file {ca}"),
        ),
        (
            "pop3s",
            format!("tls on\ntls_starttls off\ntls_trust_file {ca}"),
        ),
    ];
    for (n, (scheme, tls)) in ways.iter().enumerate() {
        for how in [
            "user",
            "apop",
            "plain",
            "login",
            "cram-md5",
            "scram-sha-256",
        ] {
            let maildir = server.home.path().join(format!("{n}{how}"));
            for part in ["cur", "new", "tmp"] {
                std::fs::create_dir_all(maildir.join(part)).unwrap();
            }
            let config = format!(
                "account default\nhost localhost\nport {}\nuser alice\npassword wonderland\nauth {how}\n{tls}\n\
                 keep on\nuidls_file {home}/uidls-{n}{how}\ndelivery maildir {}\n",
                server.port(scheme),
                maildir.display()
            );
            let config = server.file("mpoprc", &config).display().to_string();
            // The second run knows the UIDLs and takes nothing again.
            for _ in 0..2 {
                server.run("mpop", &["-C", &config, "-q"]);
                assert_eq!(files(&maildir), there, "{scheme} {how} {tls}");
            }
        }
    }
}

#[test]
fn s_nail() {
    if !have("s-nail") {
        return;
    }
    let server = Server::start(&[]);
    let ca = server.ca.display();
    let trust = format!("-Stls-ca-file={ca}");
    let mut sent = 0;
    for scheme in ["submission", "smtps"] {
        for how in ["plain", "login", "cram-md5"] {
            let name = scheme.replace("submission", "smtp");
            let mta = format!(
                "-Smta={name}://alice:wonderland@localhost:{}",
                server.port(scheme)
            );
            let script = format!(
                "printf 'hello\\n.\\n' | s-nail -n -Sv15-compat '{mta}' -Ssmtp-use-starttls {trust} \
                 -Ssmtp-auth={how} -Sfrom=alice@ehlo.test -Shostname=client.example.org \
                 -Ssendwait -s 'by {how}' bob@ehlo.test"
            );
            server.run("sh", &["-c", &script]);
            sent += 1;
        }
    }
    assert_eq!(server.count("bob", "builder"), sent);
    for (scheme, starttls) in [
        ("imap", ""),
        ("imap", "-Simap-use-starttls"),
        ("imaps", ""),
        ("pop3", ""),
        ("pop3", "-Spop3-use-starttls"),
        ("pop3s", ""),
    ] {
        let folder = if scheme.starts_with("imap") {
            "/INBOX"
        } else {
            ""
        };
        let url = format!(
            "{scheme}://bob:builder@localhost:{}{folder}",
            server.port(scheme)
        );
        let script = format!(
            "s-nail -n -Sv15-compat {trust} {starttls} -R -Y 'headers;type 1;xit' -f '{url}' </dev/null"
        );
        let text = server.run("sh", &["-c", &script]);
        assert!(
            text.contains("Subject: by plain"),
            "{url} {starttls}: {text}"
        );
    }
}

#[test]
fn offlineimap() {
    if !have("offlineimap") {
        return;
    }
    let server = Server::start(&[]);
    let (ca, home) = (server.ca.display(), server.home.path().display());
    // Not with STARTTLS: imaplib2 then writes in one thread while another reads the session ticket, which
    // OpenSSL does not allow; it hangs or crashes now and then, with Dovecot one run in twelve.
    for (scheme, ssl) in [("imap", "no"), ("imaps", "yes")] {
        let here = format!("{home}/{scheme}");
        let config = format!(
            "[general]\naccounts = a\nmetadata = {here}/meta\nui = basic\n\
             [Account a]\nlocalrepository = near\nremoterepository = far\n\
             [Repository near]\ntype = Maildir\nlocalfolders = {here}/mail\n\
             [Repository far]\ntype = IMAP\nremotehost = localhost\nremoteport = {}\n\
             remoteuser = alice\nremotepass = wonderland\nssl = {ssl}\nstarttls = no\nsslcacertfile = {ca}\n",
            server.port(scheme)
        );
        std::fs::create_dir_all(format!("{here}/mail")).unwrap();
        let config = server.file("offlineimaprc", &config).display().to_string();
        let first = server.run("offlineimap", &["-o", "-c", &config]);
        assert!(first.contains("Copy message"), "{first}");
        let mail = format!("{here}/mail");
        let inbox_here = files(&Path::new(&mail).join("INBOX"));
        assert_eq!(inbox_here, inbox(&server), "{scheme}");
        let all = files(Path::new(&mail));
        let again = server.run("offlineimap", &["-o", "-c", &config]);
        assert_eq!(files(Path::new(&mail)), all, "{scheme}");
        assert!(!again.contains("Copy message"), "{again}");
        // A message of ours goes to the server, with its flag.
        let ours = format!("{mail}/INBOX/cur/1700000000_0.1.here:2,F");
        std::fs::write(ours, "Subject: ours\r\n\r\nx\r\n").unwrap();
        let before = inbox(&server);
        server.run("offlineimap", &["-o", "-c", &config]);
        assert_eq!(inbox(&server), before + 1, "{scheme}");
    }
}
