-- The beginning of what a target answered, as text.
ALTER TABLE attempts ADD COLUMN answer TEXT;
