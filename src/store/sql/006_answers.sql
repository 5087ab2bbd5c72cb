-- What the target of a forward answered, beside the short form in `attempts.forwards`, where it stands at `place`.
-- Headers (JSON) and body are without secrets, and cut; `size` is the whole body's, in bytes.
CREATE TABLE answers (
    seq     INTEGER NOT NULL,
    place   INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    cut     INTEGER NOT NULL,
    PRIMARY KEY (seq, place)
) STRICT;

CREATE TRIGGER answers_gone AFTER DELETE ON attempts BEGIN
    DELETE FROM answers WHERE seq = old.seq;
END;
