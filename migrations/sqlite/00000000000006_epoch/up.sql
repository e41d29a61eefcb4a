-- The epoch of the database, which stands in the entity tags of tasks beside their versions: one row. A database that
-- is set back to an earlier state gets another epoch (`task-api restore`, `task-api renew-epoch`), since it then
-- gives the same versions to other content.
CREATE TABLE epochs (
    id SMALLINT NOT NULL,
    epoch BIGINT NOT NULL,
    CONSTRAINT epochs_pkey PRIMARY KEY (id),
    CONSTRAINT epochs_id_check CHECK (id = 1),
    CONSTRAINT epochs_epoch_check CHECK (epoch BETWEEN 0 AND 4294967295)
);

INSERT INTO epochs (id, epoch) VALUES (1, random() & 4294967295);
