"""Python's poplib against `ehlo serve`: PORTS as JSON, then the CA's file."""

import json
import poplib
import smtplib
import socket
import ssl
import sys

ports = json.loads(sys.argv[1])
ctx = ssl.create_default_context(cafile=sys.argv[2])
text = "Subject: number {}\r\n\r\nbody\r\n.dot\r\n\r\nend\r\n"


def fill(count):
    with smtplib.SMTP("localhost", ports["smtp"]) as s:
        for n in range(count):
            s.sendmail("a@b.test", ["charlie@ehlo.test"], text.format(n))


def refused(call, what):
    try:
        call()
    except poplib.error_proto as e:
        assert what in str(e), e
    else:
        raise AssertionError("not refused: " + what)


fill(3)
p = poplib.POP3("localhost", ports["pop3"])
capa = p.capa()
for word in ["TOP", "UIDL", "SASL", "STLS", "RESP-CODES", "UTF8", "PIPELINING", "IMPLEMENTATION"]:
    assert word in capa, word
refused(lambda: p.list(), "-ERR")
p.user("charlie")
refused(lambda: p.pass_("wrong"), "[AUTH]")
p.user("charlie@ehlo.test")
p.pass_("charlie")
count, octets = p.stat()
assert count == 3
_, listing, _ = p.list()
assert sum(int(line.split()[1]) for line in listing) == octets
_, lines, size = p.retr(2)
assert lines[-5:] == [b"", b"body", b".dot", b"", b"end"], lines
assert sum(len(line) + 2 for line in lines) == int(listing[1].split()[1])
_, lines, _ = p.top(1, 1)
assert lines[-2:] == [b"", b"body"], lines
uids = [line.split()[1] for line in p.uidl()[1]]
assert len(set(uids)) == 3 and p.uidl(2).split()[2] == uids[1]

other = poplib.POP3("localhost", ports["pop3"])
other.user("charlie")
refused(lambda: other.pass_("charlie"), "[IN-USE]")
other.quit()

p.dele(1)
refused(lambda: p.retr(1), "-ERR")
p.rset()
p.dele(2)
p.noop()
p.sock.shutdown(socket.SHUT_WR)  # no QUIT: nothing is removed
assert p.file.read() == b""  # the server hung up, so the maildrop is free again
p.close()

p = poplib.POP3("localhost", ports["pop3"])
p.apop("charlie", "charlie")
assert p.stat()[0] == 3
p.dele(2)
p.quit()

p = poplib.POP3("localhost", ports["pop3"])
p.stls(context=ctx)
assert "STLS" not in p.capa()
p.user("charlie")
p.pass_("charlie")
assert [line.split()[1] for line in p.uidl()[1]] == [uids[0], uids[2]]
p.quit()

p = poplib.POP3_SSL("localhost", ports["pop3s"], context=ctx)
p.utf8()
p.user("charlie")
p.pass_("charlie")
for n in (1, 2):
    p.dele(n)
p.quit()
