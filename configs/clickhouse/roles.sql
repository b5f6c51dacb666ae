-- Accounts of adopt6 for current versions of ClickHouse. Run it once, as an
-- account that may grant:
--
--     clickhouse-client --multiquery < roles.sql
--
-- then set the passwords, and whence each account may come, at the prompt of
-- clickhouse-client and not on a command line:
--
--     ALTER USER adopt6_writer IDENTIFIED WITH sha256_password BY '...' HOST IP '192.0.2.0/24';
--     ALTER USER adopt6_reader IDENTIFIED WITH sha256_password BY '...' HOST IP '192.0.2.0/24';
--
-- The first scan makes the tables, as adopt6_writer.

CREATE DATABASE IF NOT EXISTS adopt6;

-- For analysts and dashboards: reads, within bounds that keep one question from
-- taking the server.
CREATE SETTINGS PROFILE IF NOT EXISTS adopt6_reader SETTINGS
    readonly = 2,
    max_memory_usage = 4000000000 MAX 4000000000,
    max_bytes_before_external_sort = 1000000000,
    max_bytes_before_external_group_by = 1000000000,
    max_execution_time = 300 MAX 300;

CREATE ROLE IF NOT EXISTS adopt6_reader;

GRANT SELECT, SHOW ON adopt6.* TO adopt6_reader;

GRANT SELECT ON system.parts TO adopt6_reader;

-- For scanners: makes and changes the tables, writes, and drops old months.
CREATE ROLE IF NOT EXISTS adopt6_writer;

GRANT SELECT, SHOW, INSERT, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, ALTER ON adopt6.* TO adopt6_writer;

GRANT SELECT ON system.parts TO adopt6_writer;

CREATE USER IF NOT EXISTS adopt6_reader IDENTIFIED WITH no_password HOST NONE
    DEFAULT ROLE adopt6_reader SETTINGS PROFILE 'adopt6_reader';

CREATE USER IF NOT EXISTS adopt6_writer IDENTIFIED WITH no_password HOST NONE
    DEFAULT ROLE adopt6_writer;

GRANT adopt6_reader TO adopt6_reader;

GRANT adopt6_writer TO adopt6_writer;
