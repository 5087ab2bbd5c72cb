-- What a job changes elsewhere and may have to put back, written before its first call. Times are microseconds UTC.
CREATE TABLE journal (
    id      TEXT NOT NULL PRIMARY KEY,
    owner   TEXT NOT NULL,
    kind    TEXT NOT NULL,
    content TEXT NOT NULL,
    state   TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
