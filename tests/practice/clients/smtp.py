"""Python's smtplib against `ehlo serve`: PORTS as JSON, then the CA's file."""

import base64
import json
import smtplib
import ssl
import sys
from email.message import EmailMessage

ports = json.loads(sys.argv[1])
ctx = ssl.create_default_context(cafile=sys.argv[2])


def message(subject):
    m = EmailMessage()
    m["From"], m["To"], m["Subject"] = "samt@example.org", "alice@ehlo.test", subject
    m.set_content("first\n.dot\n..two dots\n\nlast\n")
    return m


def refused(call, code):
    try:
        call()
    except smtplib.SMTPResponseException as e:
        assert e.smtp_code == code, e
    except smtplib.SMTPRecipientsRefused as e:
        assert all(c == code for c, _ in e.recipients.values()), e
    else:
        raise AssertionError(f"not refused with {code}")


# In the clear.
with smtplib.SMTP("localhost", ports["smtp"]) as s:
    s.ehlo("client.example.org")
    for word in ["size", "8bitmime", "smtputf8", "pipelining", "chunking", "dsn", "starttls", "auth"]:
        assert s.has_extn(word), word
    assert s.esmtp_features["size"] == "10485760"
    assert s.send_message(message("in the clear")) == {}
    refused(lambda: s.sendmail("a@b.test", ["x@elsewhere.example"], "x"), 554)
    assert s.rset()[0] == 250
    refused(lambda: s.sendmail("a@b.test", ["nobody@ehlo.test"], "x"), 550)
    got = s.sendmail("a@b.test", ["nobody@ehlo.test", "bob@ehlo.test"], "Subject: mixed\r\n\r\nx\r\n")
    assert got["nobody@ehlo.test"][0] == 550
    assert s.verify("alice")[0] == 250 and s.verify("nobody")[0] == 550
    assert s.help() and s.noop()[0] == 250
    assert s.docmd("DATA")[0] == 503
    assert s.docmd("MIAL FROM:<a@b>")[0] == 500
    s.sendmail("jörg@example.org", ["bob@ehlo.test"], "Subject: grüße\r\n\r\nü\r\n".encode(), ["SMTPUTF8", "BODY=8BITMIME"])
    s.mail("a@b.test")
    s.rcpt("bob@ehlo.test")
    half = b"Subject: chunks\r\n\r\n"
    s.send(b"BDAT %d\r\n%s" % (len(half), half))
    assert s.getreply()[0] == 250
    s.send(b"BDAT 3 LAST\r\nx\r\n")
    assert s.getreply()[0] == 250

# STARTTLS, and each mechanism that smtplib speaks.
for how in ["PLAIN", "LOGIN", "CRAM-MD5"]:
    with smtplib.SMTP("localhost", ports["submission"]) as s:
        s.ehlo()
        refused(lambda: s.sendmail("alice@ehlo.test", ["x@elsewhere.example"], "x"), 530)
        s.starttls(context=ctx)
        s.ehlo()
        assert not s.has_extn("starttls")
        s.user, s.password = "alice@ehlo.test", "wonderland"
        s.auth(how, getattr(s, "auth_" + how.lower().replace("-", "_")))
        s.sendmail("alice@ehlo.test", ["x@elsewhere.example"], f"Subject: out by {how}\r\n\r\nx\r\n")

with smtplib.SMTP("localhost", ports["smtp"]) as s:
    s.ehlo()
    try:
        s.login("alice", "wrong")
    except smtplib.SMTPAuthenticationError as e:
        assert e.smtp_code == 535, e
    else:
        raise AssertionError("a wrong password was taken")
    token = base64.b64encode(b"user=alice\x01auth=Bearer wonderland\x01\x01").decode()
    assert s.docmd("AUTH XOAUTH2 " + token)[0] == 235

# TLS from the first octet.
with smtplib.SMTP_SSL("localhost", ports["smtps"], context=ctx) as s:
    s.send_message(message("under TLS"))
with smtplib.SMTP_SSL("127.0.0.1", ports["smtps"], context=ctx) as s:
    assert s.noop()[0] == 250

# LMTP.
with smtplib.LMTP("localhost", ports["lmtp"]) as s:
    got = s.sendmail("a@b.test", ["nobody@ehlo.test", "bob@ehlo.test"], "Subject: lmtp\r\n\r\nx\r\n")
    assert list(got) == ["nobody@ehlo.test"], got
    assert s.docmd("EHLO me")[0] == 500
