//! What a reply took is its arrival's business, however late the sender comes to read it.

#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::lab::{load, server};
use crate::running::{Running, Signal};
use serde_json::Value;

/// How long the sender is stopped with the reply unread.
const LATE: Duration = Duration::from_secs(2);

/// Says yes to everything, and to the content when it is let.
fn answer(mut stream: TcpStream, whole: &mpsc::Sender<()>, go_on: &mpsc::Receiver<()>) {
    stream.write_all(b"220 hi\r\n").unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).split(b'\n');
    let mut content = false;
    while let Some(Ok(line)) = lines.next() {
        let reply = match &*line {
            b"DATA\r" => "354 go\r\n",
            b"QUIT\r" => "221 bye\r\n",
            b".\r" => {
                whole.send(()).unwrap();
                go_on.recv().unwrap();
                "250 taken\r\n"
            }
            _ if content => continue,
            _ => "250 ok\r\n",
        };
        content = line == b"DATA\r";
        stream.write_all(reply.as_bytes()).unwrap();
    }
}

/// Waits until the kernel has stopped a process.
fn wait_until_stopped(child: &Running) {
    let stat = format!("/proc/{}/stat", child.id());
    loop {
        let line = std::fs::read_to_string(&stat).unwrap();
        let state = line.rsplit(") ").next().unwrap();
        if state.starts_with('T') {
            return;
        }
        std::thread::yield_now();
    }
}

/// With content that goes out at once, and with such that takes many writes.
#[test]
fn a_sender_that_is_held_up_adds_nothing() {
    for length in ["500", "8000000"] {
        let (whole, is_whole) = mpsc::channel();
        let (go, go_on) = mpsc::channel();
        let go_on = Arc::new(Mutex::new(go_on));
        let url = server("smtp", move |stream| {
            answer(stream, &whole, &go_on.lock().unwrap());
        });
        let args = ["-s", "1", "-m", "1", "-l", length, "-q", "--json"];
        let child = Running::start(load(&url, &args).stdout(Stdio::piped()));
        is_whole.recv().unwrap();
        child.signal(Signal::STOP);
        wait_until_stopped(&child);
        go.send(()).unwrap();
        // Not to wait for anything: to be late.
        std::thread::sleep(LATE);
        child.signal(Signal::CONT);
        let out = child.finish();
        let told: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(told["accepted"], 1, "{told}");
        let stages = told["stages"].as_array().unwrap();
        for name in ["dot", "message"] {
            let stage = stages.iter().find(|s| s["stage"] == name).unwrap();
            let most = Duration::from_micros(stage["max"].as_u64().unwrap());
            assert!(most < LATE, "{length} octets, {name}: {most:?}");
        }
    }
}
