ALTER TABLE tasks
    DROP COLUMN search,
    DROP COLUMN indexed_version,
    DROP COLUMN words,
    DROP COLUMN title_key,
    DROP COLUMN deleted_at,
    DROP COLUMN external_id,
    DROP COLUMN labels;
