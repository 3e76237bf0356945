-- NULL is no name to log in with, and several users may have none.
ALTER TABLE {schema}.users ALTER COLUMN name DROP NOT NULL;
