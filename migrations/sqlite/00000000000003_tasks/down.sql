DROP TABLE task_search;
DROP TABLE tasks;
