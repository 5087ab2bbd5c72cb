-- What the file an attempt was read from calls it, beside the verdict that was judged here: `verified`.
ALTER TABLE attempts ADD COLUMN said TEXT;
