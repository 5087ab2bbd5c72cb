-- The hash of the body beside the attempt too: a page of the list is read without looking each body up, which lies elsewhere on
-- the disk. Of attempts that were kept before it is still looked up.
ALTER TABLE attempts ADD COLUMN body_sha256 BLOB;
