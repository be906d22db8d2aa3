//! The HTML report in a real browser: `tests/run --all`, since a browser is large.

use std::path::Path;
use std::process::Command;

fn chromium(args: &[&str], page: &Path) -> String {
    let out = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
        ])
        .args(args)
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("Chromium is installed");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
#[ignore = "needs Chromium: tests/run --all installs it"]
fn the_report_holds_in_a_browser() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(
        folder.join("page.talk"),
        "on practice\nC: EHLO client.example.org\nstarttls\nC: EHLO client.example.org\n\
         auth SCRAM-SHA-256 alice\nC: MAIL FROM:<alice@ehlo.test>\nC: RCPT TO:<bob@ehlo.test>\n\
         C: DATA\nC: Subject: <b>bold</b>\nC:\nC: text\nC: .\nC: RCPT TO:<nobody@ehlo.test>\nS: 250\n",
    )
    .expect("written");
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["run", "--html", "page.html", "page.talk"])
        .current_dir(&folder)
        .output()
        .expect("it runs");
    assert_eq!(out.status.code(), Some(1));
    let page = folder.join("page.html");

    let dom = chromium(&["--dump-dom"], &page);
    assert!(dom.contains("0 passed, 1 failed") && dom.contains("page.talk:14:4"));
    assert!(
        dom.contains("Subject: &lt;b&gt;bold&lt;/b&gt;"),
        "text stays text"
    );
    assert!(
        dom.contains("<dt>220 after greeting</dt>"),
        "replies are explained"
    );

    // A copy with a script of ours: every reply can be reached by keyboard and opened.
    let text = std::fs::read_to_string(&page).expect("readable");
    let probe = "<script>const all=[...document.querySelectorAll('summary')];\
                 const reached=all.filter(s=>{s.focus();return document.activeElement===s});\
                 all.forEach(s=>s.click());\
                 const open=document.querySelectorAll('details[open]').length;\
                 document.body.dataset.probe=`${all.length} ${reached.length} ${open}`;</script></body>";
    let text = text
        .replace(
            "default-src 'none'; style-src 'unsafe-inline'",
            "default-src 'unsafe-inline'",
        )
        .replace("</body>", probe);
    let probed = folder.join("probed.html");
    std::fs::write(&probed, text).expect("written");
    let dom = chromium(&["--dump-dom"], &probed);
    let counts = dom
        .split("data-probe=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("the probe ran");
    let counts: Vec<u32> = counts
        .split(' ')
        .map(|n| n.parse().expect("a count"))
        .collect();
    assert!(
        counts[0] >= 5 && counts.iter().all(|n| *n == counts[0]),
        "{counts:?}"
    );

    // To be looked at by a person: light, dark, printed.
    for (file, extra) in [
        ("light.png", "--force-light-mode"),
        ("dark.png", "--blink-settings=preferredColorScheme=0"),
    ] {
        let shot = format!("--screenshot={}", folder.join(file).display());
        chromium(&["--window-size=1100,1600", extra, &shot], &page);
        let size = std::fs::metadata(folder.join(file))
            .expect("a picture")
            .len();
        assert!(size > 20_000, "{file}: {size}");
    }
    let print = format!("--print-to-pdf={}", folder.join("page.pdf").display());
    chromium(&[&print], &page);
    let pdf = std::fs::read(folder.join("page.pdf")).expect("a print");
    assert!(pdf.starts_with(b"%PDF"));
}
