-- SQLite gives ids out only for a primary key of one column, so the key by owner is an index here.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    user_id BIGINT NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    status TEXT NOT NULL DEFAULT 'todo',
    priority SMALLINT NOT NULL DEFAULT 2,
    due_at TIMESTAMP,
    version BIGINT NOT NULL DEFAULT 1,
    completed_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    CONSTRAINT tasks_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT tasks_title_check CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT tasks_description_check CHECK (length(description) <= 10000),
    CONSTRAINT tasks_status_check CHECK (status IN ('todo', 'in_progress', 'done', 'cancelled')),
    CONSTRAINT tasks_priority_check CHECK (priority BETWEEN 0 AND 4),
    CONSTRAINT tasks_version_check CHECK (version >= 1),
    CONSTRAINT tasks_completed_at_check CHECK ((status = 'done') = (completed_at IS NOT NULL))
);

CREATE UNIQUE INDEX tasks_user_id_id_idx ON tasks (user_id, id);
