-- SQLite gives ids out only for a primary key of one column, so the key by owner is an index here.
--
-- labels holds the names in their order with commas between. title_key and words are what the service makes
-- of title and description (case and accents folded): the key of the order by
-- title, and the words of the search.
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
    labels TEXT NOT NULL DEFAULT '',
    external_id TEXT,
    deleted_at TIMESTAMP,
    title_key TEXT NOT NULL DEFAULT '',
    words TEXT NOT NULL DEFAULT '',
    CONSTRAINT tasks_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT tasks_status_check CHECK (status IN ('todo', 'in_progress', 'done', 'cancelled')),
    CONSTRAINT tasks_priority_check CHECK (priority BETWEEN 0 AND 4),
    CONSTRAINT tasks_version_check CHECK (version >= 1),
    CONSTRAINT tasks_completed_at_check CHECK ((status = 'done') = (completed_at IS NOT NULL))
);

CREATE UNIQUE INDEX tasks_user_id_id_idx ON tasks (user_id, id);

CREATE UNIQUE INDEX tasks_external_id_key ON tasks (user_id, external_id)
    WHERE deleted_at IS NULL AND external_id IS NOT NULL;

-- One for each order. Those by due time and priority begin with the status, by which they are
-- nearly always filtered; a list of several statuses merges their ranges.
CREATE INDEX tasks_created_idx ON tasks (user_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_updated_idx ON tasks (user_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_title_idx ON tasks (user_id, title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_due_idx ON tasks (user_id, status, due_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_priority_idx ON tasks (user_id, status, priority, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_priority_due_idx ON tasks (user_id, status, priority, due_at, id)
    WHERE deleted_at IS NULL;
-- To count labels without a look at the tasks.
CREATE INDEX tasks_labels_idx ON tasks (user_id, labels) WHERE deleted_at IS NULL AND labels <> '';

CREATE INDEX tasks_trash_idx ON tasks (user_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX tasks_purge_idx ON tasks (deleted_at) WHERE deleted_at IS NOT NULL;

-- Every token begins with its owner: "7:milk" for a word, "7.milk" for a word of the title, and
-- "7#686F6D65" for a label, whose name is in hexadecimal since it may hold blanks. So a search reads
-- the entries of its owner alone. The triggers keep it in step with the tasks that are not trashed.
CREATE VIRTUAL TABLE task_search USING fts5 (
    tokens, content = '', contentless_delete = 1, detail = none, tokenize = "ascii tokenchars ':.#'"
);

CREATE TRIGGER task_search_insert AFTER INSERT ON tasks WHEN new.deleted_at IS NULL BEGIN
    INSERT INTO task_search (rowid, tokens) VALUES (
        new.id,
        replace(' ' || new.words, ' ', ' ' || new.user_id) || ' ' || (
            SELECT group_concat(new.user_id || '#' || hex(value), ' ')
            FROM json_each('[' || replace(json_quote(new.labels), ',', '","') || ']')
        )
    );
END;

CREATE TRIGGER task_search_update AFTER UPDATE ON tasks
WHEN old.deleted_at IS NULL AND new.deleted_at IS NULL
    AND (old.words <> new.words OR old.labels <> new.labels)
BEGIN
    UPDATE task_search SET tokens =
        replace(' ' || new.words, ' ', ' ' || new.user_id) || ' ' || (
            SELECT group_concat(new.user_id || '#' || hex(value), ' ')
            FROM json_each('[' || replace(json_quote(new.labels), ',', '","') || ']')
        )
    WHERE rowid = new.id;
END;

CREATE TRIGGER task_search_trash AFTER UPDATE ON tasks
WHEN old.deleted_at IS NULL AND new.deleted_at IS NOT NULL
BEGIN
    DELETE FROM task_search WHERE rowid = old.id;
END;

CREATE TRIGGER task_search_restore AFTER UPDATE ON tasks
WHEN old.deleted_at IS NOT NULL AND new.deleted_at IS NULL
BEGIN
    INSERT INTO task_search (rowid, tokens) VALUES (
        new.id,
        replace(' ' || new.words, ' ', ' ' || new.user_id) || ' ' || (
            SELECT group_concat(new.user_id || '#' || hex(value), ' ')
            FROM json_each('[' || replace(json_quote(new.labels), ',', '","') || ']')
        )
    );
END;

CREATE TRIGGER task_search_delete AFTER DELETE ON tasks WHEN old.deleted_at IS NULL BEGIN
    DELETE FROM task_search WHERE rowid = old.id;
END;
