//! The HTML report in a real browser, by its own debugging pipe: `tests/run --all`, since a browser is
//! large. What it leaves in `target/tmp/page` is to be looked at by a person.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};

/// A browser with one page open.
struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    session: String,
    last: u64,
}

impl Browser {
    fn open(folder: &Path, page: &Path) -> Self {
        let pipe = |name: &str| -> PathBuf {
            let path = folder.join(name);
            let _ = std::fs::remove_file(&path);
            let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
            assert!(made.success());
            path
        };
        let (orders, answers) = (pipe("orders"), pipe("answers"));
        // Both open for both: nobody waits for the other to come.
        let child = Command::new("sh")
            .args([
                "-c",
                "exec chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
                 --user-data-dir=\"$3\" --remote-debugging-pipe 3<>\"$1\" 4<>\"$2\"",
                "sh",
            ])
            .args([&orders, &answers, &folder.join("profile")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let both = |path: &Path| OpenOptions::new().read(true).write(true).open(path);
        let mut browser = Self {
            child,
            to: both(&orders).expect("the pipe"),
            from: BufReader::new(both(&answers).expect("the pipe")),
            session: String::new(),
            last: 0,
        };
        let url = format!("file://{}", page.display());
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.ask("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().expect("a session").into();
        browser.ask("Page.enable", json!({}));
        browser.tell("Page.navigate", json!({"url": url}));
        while browser.hear()["method"] != "Page.loadEventFired" {}
        browser
    }

    fn tell(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        let mut order = json!({"id": self.last, "method": method, "params": params});
        if !self.session.is_empty() {
            order["sessionId"] = self.session.clone().into();
        }
        self.to
            .write_all(format!("{order}\0").as_bytes())
            .expect("the browser listens");
        self.last
    }

    fn hear(&mut self) -> Value {
        let mut heard = Vec::new();
        self.from.read_until(0, &mut heard).expect("it speaks");
        serde_json::from_slice(heard.strip_suffix(b"\0").expect("whole")).expect("JSON")
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.tell(method, params);
        loop {
            let mut heard = self.hear();
            if heard["id"] == id {
                assert!(heard["error"].is_null(), "{method}: {heard}");
                return heard["result"].take();
            }
        }
    }

    fn eval(&mut self, script: &str) -> Value {
        let params = json!({"expression": script, "returnByValue": true});
        self.ask("Runtime.evaluate", params)["result"]["value"].take()
    }

    fn press(&mut self, key: &str, code: u32) {
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let params = json!({"type": kind, "key": key, "code": key, "text": text,
                "windowsVirtualKeyCode": code});
            self.ask("Input.dispatchKeyEvent", params);
        }
    }

    fn as_seen(&mut self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let params = json!({"media": media, "features": features});
        self.ask("Emulation.setEmulatedMedia", params);
    }

    fn size(&mut self, width: u32, height: u32) {
        let params = json!({"width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", params);
    }

    fn save(&mut self, method: &str, params: Value, file: &Path) -> Vec<u8> {
        let data = self.ask(method, params)["data"].take();
        let octets = base64::engine::general_purpose::STANDARD
            .decode(data.as_str().expect("base64"))
            .expect("base64");
        std::fs::write(file, &octets).expect("written");
        octets
    }

    fn shoot(&mut self, file: &Path) {
        let shot = self.save("Page.captureScreenshot", json!({}), file);
        assert!(shot.len() > 20_000, "{}: {}", file.display(), shot.len());
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session.clear();
        self.tell("Browser.close", json!({}));
        let _ = self.child.wait();
    }
}

/// Brightness of a colour, 0 to 255, as `rgb(…)` tells it.
fn brightness(color: &Value) -> u32 {
    let color = color.as_str().expect("a colour");
    let parts = color.split(|c: char| !c.is_ascii_digit());
    let numbers: Vec<u32> = parts.filter_map(|n| n.parse().ok()).take(3).collect();
    numbers.iter().sum::<u32>() / 3
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
    let mut browser = Browser::open(&folder, &folder.join("page.html"));
    browser.size(1100, 1600);

    let text = browser.eval("document.body.innerText");
    let text = text.as_str().expect("text");
    assert!(text.contains("0 passed, 1 failed") && text.contains("page.talk:14:4"));
    assert!(text.contains("Subject: <b>bold</b>"), "text stays text");
    assert!(!text.contains("220 after greeting"), "on demand only");
    for (scheme, light) in [("light", true), ("dark", false)] {
        browser.as_seen("screen", scheme);
        let paper = browser.eval("getComputedStyle(document.body).backgroundColor");
        let ink = browser.eval("getComputedStyle(document.body).color");
        assert_eq!(brightness(&paper) > 200, light, "{scheme}: {paper}");
        assert!(brightness(&paper).abs_diff(brightness(&ink)) > 150);
        browser.shoot(&folder.join(format!("{scheme}.png")));
    }
    browser.as_seen("screen", "light");

    // Nothing sticks out, on paper's width or a telephone's.
    for width in [1100, 360] {
        browser.size(width, 1600);
        let wide = browser.eval("document.documentElement.scrollWidth");
        assert!(
            wide.as_u64().expect("a width") <= u64::from(width),
            "{wide}"
        );
    }
    browser.shoot(&folder.join("narrow.png"));
    browser.size(1100, 1600);

    // By keyboard: Tab goes to each reply in turn, Enter opens it, Enter shuts it.
    let replies = browser.eval("document.querySelectorAll('summary').length");
    let replies = replies.as_u64().expect("a count");
    assert!(replies >= 5);
    let here = "[...document.querySelectorAll('summary')].indexOf(document.activeElement)";
    let open = "document.querySelectorAll('details[open]').length";
    for at in 0..replies {
        browser.press("Tab", 9);
        assert_eq!(browser.eval(here), at);
        browser.press("Enter", 13);
        assert_eq!(browser.eval(open), 1);
        if at == 0 {
            let text = browser.eval("document.body.innerText");
            assert!(text.as_str().expect("text").contains("220 after greeting"));
            browser.shoot(&folder.join("open.png"));
        }
        browser.press("Enter", 13);
        assert_eq!(browser.eval(open), 0);
    }

    // On paper everything is open, whatever was open on the screen.
    browser.as_seen("print", "light");
    let hidden = browser.eval(
        "[...document.querySelectorAll('dl')].filter(l => l.getBoundingClientRect().height < 10).length",
    );
    assert_eq!(hidden, 0);
    let params = json!({"printBackground": false});
    let pdf = browser.save("Page.printToPDF", params, &folder.join("page.pdf"));
    assert!(pdf.starts_with(b"%PDF"));
}
