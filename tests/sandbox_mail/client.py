"""Sends one message as an app does. Reads what to do as JSON from standard input, says what came of it as JSON."""

import json
import smtplib
import ssl
import sys
from email.message import EmailMessage

how = json.load(sys.stdin)
message = EmailMessage()
message["From"] = "Ada Löve <ada@example.com>"
message["To"] = "grace@example.com"
message["Subject"] = f"Grüße over {how['mode']}"
message.set_content("Hallo Ada\n.a dot begins this line\n")
message.add_alternative("<html><body><p>Hallo <b>Ada</b></p></body></html>", subtype="html")
message.add_attachment("x" * how.get("size", 10), filename="note.txt")

trust = ssl.create_default_context(cafile=how["ca"])
try:
    if how["mode"] == "tls":
        host, port = how["smtps"].split(":")
        server = smtplib.SMTP_SSL(host, int(port), context=trust, timeout=20)
    else:
        host, port = how["smtp"].split(":")
        server = smtplib.SMTP(host, int(port), timeout=20)
        if how["mode"] == "starttls":
            server.starttls(context=trust)
    with server:
        if how["mode"] != "plain":
            server.login(how["user"], how["password"])
        server.send_message(message, to_addrs=["grace@example.com", "alan@example.com"])
    json.dump({"sent": True}, sys.stdout)
except smtplib.SMTPResponseException as error:
    json.dump({"refused": error.smtp_code, "words": error.smtp_error.decode()}, sys.stdout)
