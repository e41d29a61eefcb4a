DROP TRIGGER task_search_insert;
DROP TRIGGER task_search_update;
DROP TRIGGER task_search_restore;

DROP INDEX tasks_deletion_idx;
DROP INDEX tasks_completed_idx;
DROP INDEX tasks_parent_idx;
DROP INDEX tasks_project_position_idx;
DROP INDEX tasks_project_idx;
DROP INDEX tasks_position_idx;

ALTER TABLE tasks DROP COLUMN deletion;
ALTER TABLE tasks DROP COLUMN position;
ALTER TABLE tasks DROP COLUMN blocked_by;
ALTER TABLE tasks DROP COLUMN parent_id;
ALTER TABLE tasks DROP COLUMN project_id;

DROP TABLE projects;

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
