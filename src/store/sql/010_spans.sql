-- Spans are kept by the statement after the one that keeps an attempt: a trigger makes SQLite ready to take each insertion
-- back by itself, which costs more than the insertion.
DROP TRIGGER attempts_kept;
