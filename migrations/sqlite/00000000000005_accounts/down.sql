DROP TABLE throttles;
DROP TABLE security_events;
DROP TABLE personal_tokens;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
ALTER TABLE users DROP COLUMN tokens_not_before;
