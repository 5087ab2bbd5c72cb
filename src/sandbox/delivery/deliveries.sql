-- Events and their way to the webhooks. Times are microseconds UTC.
CREATE TABLE events (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id     TEXT NOT NULL,
    type         TEXT NOT NULL,
    source       TEXT NOT NULL,
    at           INTEGER NOT NULL,
    claims       TEXT NOT NULL,
    -- What is sent, byte for byte, at every attempt.
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL
) STRICT;
-- Not unique: a forged event may bear the id of another.
CREATE INDEX events_by_id ON events (event_id);

CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    event      INTEGER NOT NULL REFERENCES events (seq),
    webhook    TEXT NOT NULL,
    -- The `webhook-id` header, the same at every attempt.
    request_id TEXT NOT NULL,
    url        TEXT NOT NULL,
    accepted   INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    -- When the next attempt is due; null when there is none.
    next       INTEGER,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up', 'stopped'))
) STRICT;
CREATE INDEX deliveries_due ON deliveries (next) WHERE next IS NOT NULL;
CREATE INDEX deliveries_of_webhook ON deliveries (webhook) WHERE next IS NOT NULL;

CREATE TABLE attempts (
    delivery INTEGER NOT NULL REFERENCES deliveries (id),
    number   INTEGER NOT NULL,
    began    INTEGER NOT NULL,
    ms       INTEGER NOT NULL,
    status   INTEGER,
    error    TEXT,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

-- Webhooks that fail. `failing` is for how long, in microseconds of the schedule (time the sandbox was off, and a time
-- scale, are accounted for); `disabled_at` is when that was too long.
CREATE TABLE health (
    webhook     TEXT PRIMARY KEY,
    failing     INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT, WITHOUT ROWID;
