-- Every key set a tenant published to this machine. Times are microseconds UTC.
CREATE TABLE key_sets (
    owner      TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    url        TEXT NOT NULL,
    jwks       TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    PRIMARY KEY (owner, jwks)
) STRICT;
