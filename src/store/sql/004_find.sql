-- Finding among many: by failing rung, by pin, by age, by time, and counted. Times are microseconds UTC.

-- When an attempt that came from a file was kept here: its age is counted from then.
ALTER TABLE attempts ADD COLUMN kept_at INTEGER;

DROP INDEX attempts_by_time;
CREATE INDEX attempts_by_age ON attempts (coalesce(kept_at, received_at), pinned);
CREATE INDEX attempts_by_failed ON attempts (owner, failed, seq) WHERE failed IS NOT NULL;
CREATE INDEX attempts_pinned ON attempts (owner, seq) WHERE pinned = 1;

-- Between which moments the attempts of 1,024 numbers came: what a search by time need not look at. Wider than true after
-- a deletion, never narrower.
CREATE TABLE spans (
    owner    TEXT NOT NULL,
    span     INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (owner, span)
) STRICT, WITHOUT ROWID;

INSERT INTO spans SELECT owner, seq >> 10, min(received_at), max(received_at) FROM attempts GROUP BY 1, 2;

-- How many judged attempts came within a minute and within an hour (width, start: seconds).
CREATE TABLE tallies (
    owner    TEXT NOT NULL,
    width    INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    type     TEXT NOT NULL,
    standing INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (owner, width, start, type, standing)
) STRICT, WITHOUT ROWID;

INSERT INTO tallies
SELECT owner, width, received_at / (width * 1000000) * width, type, standing, count(*)
FROM attempts, (SELECT 60 AS width UNION ALL SELECT 3600) WHERE standing > 0 GROUP BY 1, 2, 3, 4, 5;

CREATE TRIGGER attempts_kept AFTER INSERT ON attempts BEGIN
    INSERT INTO spans VALUES (new.owner, new.seq >> 10, new.received_at, new.received_at)
    ON CONFLICT DO UPDATE SET first_at = min(first_at, new.received_at), last_at = max(last_at, new.received_at);
END;

CREATE TRIGGER attempts_judged AFTER UPDATE OF standing ON attempts WHEN old.standing <> new.standing BEGIN
    INSERT INTO tallies
    SELECT new.owner, 60, new.received_at / 60000000 * 60, new.type, new.standing, 1 WHERE new.standing > 0
    ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO tallies
    SELECT new.owner, 3600, new.received_at / 3600000000 * 3600, new.type, new.standing, 1 WHERE new.standing > 0
    ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE tallies SET count = count - 1
    WHERE old.standing > 0 AND owner = old.owner AND width = 60 AND start = old.received_at / 60000000 * 60
        AND type = old.type AND standing = old.standing;
    UPDATE tallies SET count = count - 1
    WHERE old.standing > 0 AND owner = old.owner AND width = 3600 AND start = old.received_at / 3600000000 * 3600
        AND type = old.type AND standing = old.standing;
END;

CREATE TRIGGER attempts_gone AFTER DELETE ON attempts BEGIN
    UPDATE tallies SET count = count - 1
    WHERE old.standing > 0 AND owner = old.owner AND width = 60 AND start = old.received_at / 60000000 * 60
        AND type = old.type AND standing = old.standing;
    UPDATE tallies SET count = count - 1
    WHERE old.standing > 0 AND owner = old.owner AND width = 3600 AND start = old.received_at / 3600000000 * 3600
        AND type = old.type AND standing = old.standing;
    DELETE FROM spans
    WHERE owner = old.owner AND span = old.seq >> 10 AND NOT EXISTS (
        SELECT 1 FROM attempts
        WHERE owner = old.owner AND seq >= (old.seq >> 10) << 10 AND seq < ((old.seq >> 10) + 1) << 10
    );
END;

CREATE TRIGGER tallies_empty AFTER UPDATE OF count ON tallies WHEN new.count <= 0 BEGIN
    DELETE FROM tallies
    WHERE owner = new.owner AND width = new.width AND start = new.start AND type = new.type AND standing = new.standing;
END;
