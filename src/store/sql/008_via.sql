-- Who had taken an attempt in before it was kept here, where it was no receiver of this program: `ngrok`.
ALTER TABLE attempts ADD COLUMN via TEXT;
