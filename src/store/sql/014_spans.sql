-- Spans of 256 numbers in the place of 1,024. A search by time looks at the attempts of its newest span one by one until it meets
-- the first of that time, each few of them a page to read from the disk. By number first: whether others' attempts lie among
-- the owner's is one look-up, and where none do, no row is read for whose it is. Under another name: a process of an earlier version that goes
-- on running cannot keep what would not be found then. It answers its sender that it could not.
DROP TRIGGER attempts_gone;
DROP TABLE spans;
CREATE TABLE number_spans (
    owner    TEXT NOT NULL,
    span     INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (span, owner)
) STRICT, WITHOUT ROWID;

INSERT INTO number_spans SELECT owner, seq >> 8, min(received_at), max(received_at) FROM attempts NOT INDEXED GROUP BY 1, 2;

CREATE TRIGGER attempts_gone AFTER DELETE ON attempts BEGIN
    UPDATE tallies SET count = count - 1
    WHERE old.standing > 0 AND owner = old.owner AND width = 60 AND start = old.received_at / 60000000 * 60
        AND type = old.type AND standing = old.standing;
    UPDATE tallies SET count = count - 1
    WHERE old.standing > 0 AND owner = old.owner AND width = 3600 AND start = old.received_at / 3600000000 * 3600
        AND type = old.type AND standing = old.standing;
    DELETE FROM number_spans
    WHERE owner = old.owner AND span = old.seq >> 8 AND NOT EXISTS (
        SELECT 1 FROM attempts
        WHERE owner = old.owner AND seq >= (old.seq >> 8) << 8 AND seq < ((old.seq >> 8) + 1) << 8
    );
END;
