-- What receivers took in, one row a received attempt. Times are microseconds UTC. A body stands once.
CREATE TABLE bodies (
    id     INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    bytes  BLOB NOT NULL
) STRICT;

CREATE TABLE attempts (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    owner       TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    webhook_id  TEXT,
    event_id    TEXT,
    type        TEXT NOT NULL,
    who         TEXT,
    group_key   TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    content     BLOB,
    body        INTEGER NOT NULL REFERENCES bodies (id),
    headers     TEXT NOT NULL,
    whole       INTEGER NOT NULL,
    responded   INTEGER,
    forwards    TEXT NOT NULL DEFAULT '[]',
    verdict     TEXT,
    failed      TEXT,
    standing    INTEGER NOT NULL DEFAULT 0,
    judged_at   INTEGER,
    decode      TEXT,
    duplicate   TEXT NOT NULL DEFAULT 'no',
    pinned      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX attempts_by_owner ON attempts (owner, seq);
CREATE INDEX attempts_by_standing ON attempts (owner, standing, seq);
CREATE INDEX attempts_by_type ON attempts (owner, type, standing, seq);
CREATE INDEX attempts_by_time ON attempts (owner, received_at);
CREATE INDEX attempts_by_group ON attempts (owner, group_key, seq);
CREATE INDEX attempts_by_event ON attempts (owner, event_id, seq) WHERE event_id IS NOT NULL;
CREATE INDEX attempts_by_body ON attempts (body);

-- Filled with the verdict: type, ids and the payload of each attempt, to search in.
CREATE VIRTUAL TABLE attempt_words USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO attempt_words (attempt_words, rank) VALUES ('secure-delete', 1);
