-- A body is found again beside the attempts of its request and of its event, not by its hash: the index by hash was as many
-- pages as there were attempts, each written anew for every few of them, and half of what it costs to keep one. SQLite drops
-- no index that stands for UNIQUE, so it is made an index of its own first (the form of both is the same), then dropped.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET name = 'bodies_by_sha256', sql = 'CREATE INDEX bodies_by_sha256 ON bodies (sha256)'
WHERE name = 'sqlite_autoindex_bodies_1' AND EXISTS (
    SELECT 1 FROM sqlite_schema WHERE name = 'bodies' AND instr(sql, 'sha256 BLOB NOT NULL UNIQUE,') > 0
);
UPDATE sqlite_schema SET sql = replace(sql, 'sha256 BLOB NOT NULL UNIQUE,', 'sha256 BLOB NOT NULL,')
WHERE type = 'table' AND name = 'bodies';
PRAGMA writable_schema = RESET;
DROP INDEX IF EXISTS bodies_by_sha256;
