-- Projects, subtasks, order by hand and dependencies. No row of tasks is rewritten: what it gains is null or a constant.
--
-- Rows point to one another without foreign keys: a reference to a task or project outlives its purge, and a change of
-- many rows costs no lookup for each. The service keeps references among live rows whole: there is one writer.
--
-- position is null until the first move: the key is then made of the id, a letter for the number of its digits before them,
-- so that it sorts as the id does. deletion names what was deleted where several rows went to the trash together:
-- "task 7" or "project 3".
CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
    user_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    color TEXT,
    archived BOOLEAN NOT NULL DEFAULT FALSE,
    position TEXT,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP,
    CONSTRAINT projects_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT projects_version_check CHECK (version >= 1)
);

CREATE UNIQUE INDEX projects_user_id_id_idx ON projects (user_id, id);
CREATE INDEX projects_trash_idx ON projects (user_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX projects_purge_idx ON projects (deleted_at) WHERE deleted_at IS NOT NULL;

ALTER TABLE tasks ADD COLUMN project_id BIGINT;
ALTER TABLE tasks ADD COLUMN parent_id BIGINT;
ALTER TABLE tasks ADD COLUMN blocked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN position TEXT;
ALTER TABLE tasks ADD COLUMN deletion TEXT;

CREATE INDEX tasks_position_idx
    ON tasks (user_id, coalesce(position, char(96 + length(id)) || id), id)
    WHERE deleted_at IS NULL;
CREATE INDEX tasks_project_idx ON tasks (user_id, project_id, id)
    WHERE deleted_at IS NULL AND project_id IS NOT NULL;
CREATE INDEX tasks_project_position_idx
    ON tasks (user_id, project_id, coalesce(position, char(96 + length(id)) || id), id)
    WHERE deleted_at IS NULL AND project_id IS NOT NULL;
CREATE INDEX tasks_parent_idx ON tasks (user_id, parent_id, id)
    WHERE deleted_at IS NULL AND parent_id IS NOT NULL;
CREATE INDEX tasks_completed_idx ON tasks (user_id, completed_at, id)
    WHERE deleted_at IS NULL AND completed_at IS NOT NULL;
CREATE INDEX tasks_deletion_idx ON tasks (user_id, deletion) WHERE deletion IS NOT NULL;

-- The search index has a token for each blocker too: "7##5" for the task 5 of the user 7. A task without blockers has no
-- other tokens than before. The triggers are those of the table's migration with that added.
DROP TRIGGER task_search_insert;
DROP TRIGGER task_search_update;
DROP TRIGGER task_search_restore;

CREATE TRIGGER task_search_insert AFTER INSERT ON tasks WHEN new.deleted_at IS NULL BEGIN
    INSERT INTO task_search (rowid, tokens) VALUES (
        new.id,
        replace(' ' || new.words, ' ', ' ' || new.user_id) || ' ' || (
            SELECT group_concat(new.user_id || '#' || hex(value), ' ')
            FROM json_each('[' || replace(json_quote(new.labels), ',', '","') || ']')
        ) || CASE new.blocked_by WHEN '' THEN ''
            ELSE ' ' || new.user_id || '##' || replace(new.blocked_by, ',', ' ' || new.user_id || '##') END
    );
END;

CREATE TRIGGER task_search_update AFTER UPDATE ON tasks
WHEN old.deleted_at IS NULL AND new.deleted_at IS NULL
    AND (old.words <> new.words OR old.labels <> new.labels OR old.blocked_by <> new.blocked_by)
BEGIN
    UPDATE task_search SET tokens =
        replace(' ' || new.words, ' ', ' ' || new.user_id) || ' ' || (
            SELECT group_concat(new.user_id || '#' || hex(value), ' ')
            FROM json_each('[' || replace(json_quote(new.labels), ',', '","') || ']')
        ) || CASE new.blocked_by WHEN '' THEN ''
            ELSE ' ' || new.user_id || '##' || replace(new.blocked_by, ',', ' ' || new.user_id || '##') END
    WHERE rowid = new.id;
END;

CREATE TRIGGER task_search_restore AFTER UPDATE ON tasks
WHEN old.deleted_at IS NOT NULL AND new.deleted_at IS NULL
BEGIN
    INSERT INTO task_search (rowid, tokens) VALUES (
        new.id,
        replace(' ' || new.words, ' ', ' ' || new.user_id) || ' ' || (
            SELECT group_concat(new.user_id || '#' || hex(value), ' ')
            FROM json_each('[' || replace(json_quote(new.labels), ',', '","') || ']')
        ) || CASE new.blocked_by WHEN '' THEN ''
            ELSE ' ' || new.user_id || '##' || replace(new.blocked_by, ',', ' ' || new.user_id || '##') END
    );
END;
