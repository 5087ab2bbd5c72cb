-- Words found by their beginnings: while somebody types, each letter is a search. A beginning of one of these lengths is
-- one look-up, whatever begins with it; of others the words that begin so are looked up first (attempt_terms).
CREATE VIRTUAL TABLE attempt_words_7 USING fts5 (
    text, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3 4 5 6 8', columnsize = 0
);
INSERT INTO attempt_words_7 (attempt_words_7, rank) VALUES ('secure-delete', 1);
INSERT INTO attempt_words_7 (rowid, text) SELECT rowid, text FROM attempt_words;
DROP TABLE attempt_words;
ALTER TABLE attempt_words_7 RENAME TO attempt_words;
CREATE VIRTUAL TABLE attempt_terms USING fts5vocab (attempt_words, instance);
