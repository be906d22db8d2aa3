"""Python's imaplib against `ehlo serve`: PORTS as JSON, then the CA's file."""

import imaplib
import json
import smtplib
import ssl
import sys

ports = json.loads(sys.argv[1])
ctx = ssl.create_default_context(cafile=sys.argv[2])


def ok(answer):
    assert answer[0] == "OK", answer
    return answer[1]


def exercise(m):
    assert "IMAP4REV1" in m.capabilities, m.capabilities
    ok(m.noop())
    ok(m.create("Work/Ideas"))
    names = b" ".join(ok(m.list()))
    assert b"Work/Ideas" in names and b"INBOX" in names
    ok(m.subscribe("Work/Ideas"))
    assert b"Work/Ideas" in b" ".join(ok(m.lsub()))
    body = b"From: a@b.test\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\nhello {literal}\r\n"
    for flags in ["(\\Seen)", "(\\Flagged $Later)", None]:
        ok(m.append("Work/Ideas", flags, '"17-Jul-1996 02:44:25 -0700"', body))
    assert ok(m.select("Work/Ideas")) == [b"3"]
    assert ok(m.search(None, "SEEN")) == [b"1"]
    assert ok(m.search(None, "SUBJECT", '"gr"')) == [b"1 2 3"]
    m.literal = "grüße".encode()
    assert ok(m.search("UTF-8", "SUBJECT")) == [b"1 2 3"]
    data = ok(m.fetch("1", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])"))
    assert data[0][1] == body, data
    assert b"17-Jul-1996 02:44:25 -0700" in data[0][0] or b"17-Jul-1996" in b"".join(data[0]), data
    part = ok(m.fetch("2", "(BODY.PEEK[TEXT]<2.5>)"))
    assert part[0][1] == b"llo {", part
    ok(m.store("3", "+FLAGS", "(\\Deleted)"))
    ok(m.copy("1:2", "INBOX"))
    assert ok(m.expunge()) == [b"3"]
    uid = ok(m.uid("SEARCH", None, "ALL"))[0].split()
    assert len(uid) == 2
    ok(m.uid("STORE", uid[0].decode(), "-FLAGS.SILENT", "(\\Seen)"))
    ok(m.close())
    assert b"MESSAGES 2" in ok(m.status("Work/Ideas", "(MESSAGES UIDNEXT UNSEEN)"))[0]
    ok(m.rename("Work/Ideas", "Work/Old"))
    ok(m.delete("Work/Old"))
    assert m.select("Nowhere")[0] == "NO"
    try:
        ok(m.namespace())
    except imaplib.IMAP4.error as e:
        raise AssertionError(e)


def idle(m):
    """IDLE by hand: this imaplib has none. A delivery shows at once."""
    count = int(ok(m.select("INBOX"))[0])
    tag = m._new_tag()
    m.send(tag + b" IDLE\r\n")
    assert m.readline().startswith(b"+")
    with smtplib.SMTP("localhost", ports["smtp"]) as s:
        s.sendmail("a@b.test", ["bob@ehlo.test"], "Subject: news\r\n\r\nx\r\n")
    line = m.readline()
    while b"EXISTS" not in line:
        assert line, "the connection ended"
        line = m.readline()
    assert line == b"* %d EXISTS\r\n" % (count + 1), line
    m.send(b"DONE\r\n")
    while not m.readline().startswith(tag + b" OK"):
        pass


m = imaplib.IMAP4("localhost", ports["imap"])
try:
    m.login("bob", "wrong")
except imaplib.IMAP4.error as e:
    assert "AUTHENTICATIONFAILED" in str(e), e
ok(m.login("bob", "builder"))
exercise(m)
idle(m)
m.logout()

m = imaplib.IMAP4("localhost", ports["imap"])
m.starttls(ssl_context=ctx)
assert "STARTTLS" not in m.capabilities
ok(m.authenticate("PLAIN", lambda _: b"\0bob\0builder"))
exercise(m)
m.logout()

m = imaplib.IMAP4_SSL("localhost", ports["imaps"], ssl_context=ctx)
ok(m.login_cram_md5("bob@ehlo.test", "builder"))
exercise(m)
# In this mode imaplib's own APPEND is wrong: it puts "UTF8 (" into the literal.
ok(m.enable("UTF8=ACCEPT"))
ok(m.create("Entwürfe"))
ok(m.select("Entwürfe"))
assert ok(m.search(None, "SUBJECT", '"grüße"')) == [b""]
m.logout()
