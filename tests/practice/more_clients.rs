//! More clients that nobody here wrote: mpop, s-nail, OfflineIMAP, getmail and imapfilter, under the rules of `clients`.

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

#[test]
fn getmail() {
    if !have("getmail") {
        return;
    }
    let server = Server::start(&[]);
    let (ca, home) = (server.ca.display(), server.home.path().display());
    let there = inbox(&server);
    for (scheme, kind) in [
        ("pop3", "SimplePOP3Retriever"),
        ("pop3s", "SimplePOP3SSLRetriever"),
        ("imap", "SimpleIMAPRetriever"),
        ("imaps", "SimpleIMAPSSLRetriever"),
    ] {
        let trust = if scheme.ends_with('s') {
            format!("ca_certs = {ca}\n")
        } else {
            String::new()
        };
        // It delivers to a Maildir for anybody but root.
        let config = format!(
            "[retriever]\ntype = {kind}\nserver = localhost\nport = {}\nusername = alice\n\
             password = wonderland\n{trust}[destination]\ntype = MDA_external\npath = /bin/sh\n\
             arguments = (\"-c\", \"cat >>got; echo x >>{scheme}\")\nallow_root_commands = true\n\
             [options]\nread_all = false\ndelivered_to = false\nreceived = false\n",
            server.port(scheme)
        );
        server.file("getmailrc", &config);
        let args = ["--getmaildir", &home.to_string(), "--rcfile", "getmailrc"];
        // The second run knows the UIDLs and takes nothing again.
        for _ in 0..2 {
            server.run("getmail", &args);
            let taken = std::fs::read_to_string(server.home.path().join(scheme)).unwrap();
            assert_eq!(taken.lines().count(), there, "{kind}");
        }
    }
    let got = std::fs::read(server.home.path().join("got")).unwrap();
    assert_eq!(
        memchr::memmem::find_iter(&got, b"Subject: Plans and a picture").count(),
        4
    );
}

/// What imapfilter is told, in its language.
const FILTER: &str = r#"
options.starttls = false
alice = IMAP { server = 'localhost', port = PORT, username = 'alice', password = 'wonderland' }
names = alice:list_all()
assert(#names >= 7, #names)
alice:create_mailbox('Filter/Ünter uns')
mail = alice.INBOX
all = mail:select_all()
assert(#all == mail:check_status(), #all)
some = mail:contain_subject('Plans') + mail:contain_from('no such') * mail:is_unseen()
assert(#some == 1, #some)
assert(#(all - mail:is_larger(1)) == 0)
assert(#mail:match_subject('Plans and') == 1)
some:mark_flagged()
some:add_flags({ 'worked' })
assert(#mail:has_keyword('worked') == 1)
some:remove_flags({ 'worked' })
assert(#mail:has_keyword('worked') == 0)
there = alice['Filter/Ünter uns']
some:copy_messages(there)
assert(#there:is_flagged() == 1)
there:append_message('Subject: ours\r\n\r\nbody\r\n')
there:contain_subject('ours'):move_messages(mail)
assert(#mail:contain_subject('ours') == 1 and #there:select_all() == 1)
there:select_all():delete_messages()
assert(#there:select_all() == 0)
alice:delete_mailbox('Filter/Ünter uns')
print('all of it')
"#;

#[test]
fn imapfilter() {
    if !have("imapfilter") {
        return;
    }
    let server = Server::start(&[]);
    let script = FILTER.replace("PORT", &server.port("imap").to_string());
    let script = server.file("filter.lua", &script).display().to_string();
    let said = server.run("imapfilter", &["-c", &script]);
    assert!(said.contains("all of it"), "{said}");
}
