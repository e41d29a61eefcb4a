-- AUTOINCREMENT keeps the id of a deleted row from being given out again.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_check CHECK (length(email) BETWEEN 1 AND 254 AND email = lower(email)),
    CONSTRAINT users_password_hash_check CHECK (length(password_hash) = 60)
);
