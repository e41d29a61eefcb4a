DROP TABLE throttles;
DROP TABLE security_events;
