-- What waits for its verdict is in no index of types: one page less to write for every few attempts that come. Those that wait are
-- found among themselves (attempts_by_standing), and are few.
DROP INDEX attempts_by_type;
CREATE INDEX attempts_by_type ON attempts (owner, type, standing, seq) WHERE standing > 0;
