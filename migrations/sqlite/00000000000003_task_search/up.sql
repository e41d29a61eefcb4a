-- labels holds the names in their order with commas between. title_key and words are what the
-- service makes of title and description (case and accents folded): the key of the order by title,
-- and the words of the search. They are those of the version in indexed_version:
-- another one where an older copy of the service has written, which knows none of this, or where the
-- service has not come round to it yet.
ALTER TABLE tasks ADD COLUMN labels TEXT NOT NULL DEFAULT ''
    CONSTRAINT tasks_labels_check CHECK (length(labels) <= 1019);
ALTER TABLE tasks ADD COLUMN external_id TEXT
    CONSTRAINT tasks_external_id_check CHECK (length(external_id) BETWEEN 1 AND 255);
ALTER TABLE tasks ADD COLUMN deleted_at TIMESTAMP;
ALTER TABLE tasks ADD COLUMN title_key TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN words TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN indexed_version BIGINT NOT NULL DEFAULT 0;

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
CREATE INDEX tasks_labels_idx ON tasks (user_id, labels) WHERE deleted_at IS NULL AND labels <> '';

CREATE INDEX tasks_trash_idx ON tasks (user_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX tasks_purge_idx ON tasks (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX tasks_unindexed_idx ON tasks (user_id, id) WHERE indexed_version <> version;

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

-- The rows from before: none of them has words yet.
INSERT INTO task_search (rowid, tokens) SELECT id, '' FROM tasks;
