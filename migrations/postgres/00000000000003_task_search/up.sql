-- labels holds the names in their order with commas between. title_key and words are what the
-- service makes of title and description (case and accents folded, which a plain PostgreSQL cannot):
-- the key of the order by title, and the words of the search. They are those of the version in
-- indexed_version: of another one where an older copy of the service has written, which knows none
-- of this, and before the service has made them at all.
--
-- Every lexeme of search begins with its owner: "7:milk" for a word, "7.milk" for a word of the
-- title, "7#home" for a label. So a search reads the entries of its owner alone.
ALTER TABLE tasks
    ADD COLUMN labels TEXT NOT NULL DEFAULT '',
    ADD COLUMN external_id TEXT,
    ADD COLUMN deleted_at TIMESTAMP,
    ADD COLUMN title_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN words TEXT NOT NULL DEFAULT '',
    ADD COLUMN indexed_version BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN search TSVECTOR NOT NULL GENERATED ALWAYS AS (
        array_to_tsvector(
            array_remove(string_to_array(replace(' ' || words, ' ', ' ' || user_id::text), ' '), '')
            || array_remove(string_to_array(
                replace(',' || labels, ',', E'\x01' || user_id::text || '#'), E'\x01'), '')
        )
    ) STORED,
    ADD CONSTRAINT tasks_labels_check CHECK (char_length(labels) <= 1019),
    ADD CONSTRAINT tasks_external_id_check CHECK (char_length(external_id) BETWEEN 1 AND 255);

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
-- To count labels without a look at the tasks. An entry of an index has at most 2,704 bytes, so that
-- the longest sets of labels are only pointed at.
CREATE INDEX tasks_labels_idx ON tasks (user_id, labels)
    WHERE deleted_at IS NULL AND labels <> '' AND octet_length(labels) <= 2000;
CREATE INDEX tasks_long_labels_idx ON tasks (user_id)
    WHERE deleted_at IS NULL AND octet_length(labels) > 2000;

-- A short list of pending entries, since every search reads all of it.
CREATE INDEX tasks_search_idx ON tasks USING gin (search) WITH (gin_pending_list_limit = 256)
    WHERE deleted_at IS NULL;

CREATE INDEX tasks_trash_idx ON tasks (user_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX tasks_purge_idx ON tasks (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX tasks_unindexed_idx ON tasks (user_id, id) WHERE indexed_version <> version;
