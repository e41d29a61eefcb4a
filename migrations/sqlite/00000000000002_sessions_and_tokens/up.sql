-- One for each login, gone when it ends.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    user_id BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT,
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX sessions_user_id_id_idx ON sessions (user_id, id);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

-- The family of a session. hash is the SHA-256 of the token; child_hash that of the one for which it
-- was exchanged. Used ones are kept, so that their reuse is noticed.
CREATE TABLE refresh_tokens (
    user_id BIGINT NOT NULL,
    hash BLOB NOT NULL,
    session_id BIGINT NOT NULL,
    used_at TIMESTAMP,
    child_hash BLOB,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (user_id, hash),
    CONSTRAINT refresh_tokens_session_fkey FOREIGN KEY (user_id, session_id)
        REFERENCES sessions (user_id, id) ON DELETE CASCADE,
    CONSTRAINT refresh_tokens_hash_check CHECK (length(hash) = 32),
    CONSTRAINT refresh_tokens_used_check CHECK ((used_at IS NULL) = (child_hash IS NULL))
);

CREATE INDEX refresh_tokens_session_idx ON refresh_tokens (user_id, session_id);
CREATE INDEX refresh_tokens_used_idx ON refresh_tokens (used_at) WHERE used_at IS NOT NULL;

-- scopes holds the names with blanks between (RFC 6749 section 3.3).
CREATE TABLE personal_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    user_id BIGINT NOT NULL,
    hash BLOB NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP,
    CONSTRAINT personal_tokens_hash_key UNIQUE (user_id, hash),
    CONSTRAINT personal_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT personal_tokens_hash_check CHECK (length(hash) = 32)
);

CREATE UNIQUE INDEX personal_tokens_user_id_id_idx ON personal_tokens (user_id, id);
CREATE INDEX personal_tokens_expires_idx ON personal_tokens (expires_at);
