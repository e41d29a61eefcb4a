-- AUTOINCREMENT keeps the id of a deleted row from being given out again.
-- Access tokens from before the second tokens_not_before are refused (NumericDate, RFC 7519): it moves with
-- the e-mail address, so that none comes back to life when an address does. deleted_at is set while the
-- rows of a deleted account are being removed: the account has ended, and its address is free.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    tokens_not_before BIGINT NOT NULL DEFAULT 0,
    deleted_at TIMESTAMP,
    CONSTRAINT users_email_check CHECK (email = lower(email)),
    CONSTRAINT users_password_hash_check CHECK (length(password_hash) = 60)
);

CREATE UNIQUE INDEX users_email_key ON users (email) WHERE deleted_at IS NULL;
CREATE INDEX users_deleted_idx ON users (id) WHERE deleted_at IS NOT NULL;
