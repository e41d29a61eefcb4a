-- The indexes on the columns go with them.
DROP INDEX tasks_completed_idx;
ALTER TABLE tasks
    DROP COLUMN deletion,
    DROP COLUMN position,
    DROP COLUMN blocked_by,
    DROP COLUMN parent_id,
    DROP COLUMN project_id;
DROP TABLE projects;
