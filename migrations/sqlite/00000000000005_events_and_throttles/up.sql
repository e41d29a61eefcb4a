-- What happened to an account. No foreign key: that an account was deleted is known after it is gone.
-- ip and request_id are null for what an operator did.
CREATE TABLE security_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    user_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    ip TEXT,
    request_id TEXT
);

CREATE UNIQUE INDEX security_events_user_id_id_idx ON security_events (user_id, id);
CREATE INDEX security_events_created_idx ON security_events (created_at);

-- How often something happened until ends_at. bucket is a SHA-256 of what is counted and for whom, so
-- that the table holds neither addresses of e-mail nor of hosts.
CREATE TABLE throttles (
    bucket BLOB NOT NULL,
    hits BIGINT NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    CONSTRAINT throttles_pkey PRIMARY KEY (bucket),
    CONSTRAINT throttles_bucket_check CHECK (length(bucket) = 32)
);

CREATE INDEX throttles_ends_idx ON throttles (ends_at);
