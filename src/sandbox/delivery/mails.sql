-- What the sandbox's mail server took. Times are microseconds UTC.
CREATE TABLE mails (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id TEXT NOT NULL,
    received INTEGER NOT NULL,
    -- The envelope: who it is from, and a JSON list of who it is for.
    sender   TEXT NOT NULL,
    rcpt     TEXT NOT NULL,
    -- Of its headers, decoded.
    subject  TEXT,
    size     INTEGER NOT NULL,
    -- The protocol of the TLS it came over.
    tls      TEXT,
    -- The message with the two trace headers of this server, as it was sent otherwise.
    raw      BLOB NOT NULL
) STRICT;
