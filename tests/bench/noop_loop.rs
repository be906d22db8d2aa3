//! The least that a round trip costs: a bare blocking loop of NOOPs.
//! rustc -O noop_loop.rs && ./noop_loop PORT COUNT: prints the round trips per second.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let count: u32 = args[2].parse().expect("a count");
    let mut out = TcpStream::connect(format!("127.0.0.1:{}", args[1])).expect("a server");
    out.set_nodelay(true).expect("a socket");
    let mut lines = BufReader::new(out.try_clone().expect("a socket"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a greeting");
    let began = Instant::now();
    for _ in 0..count {
        out.write_all(b"NOOP\r\n").expect("written");
        line.clear();
        lines.read_line(&mut line).expect("a reply");
        assert!(line.starts_with("250"), "{line}");
    }
    println!("{:.0}", f64::from(count) / began.elapsed().as_secs_f64());
}
