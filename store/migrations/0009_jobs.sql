-- The jobs of schedulers, their runs, and which machine has a run.

CREATE TABLE IF NOT EXISTS jobs
(
    job         LowCardinality(String) COMMENT 'name of the job',
    vantage     LowCardinality(String) COMMENT 'where its scans run',
    machine     LowCardinality(String) COMMENT 'host name of the scheduler',
    cron        String           COMMENT 'when it runs, as a cron expression',
    time_zone   LowCardinality(String) COMMENT 'zone of the cron expression, by its name in the IANA database',
    paused      UInt8            COMMENT '1 where it is not run at present, or not in the configuration any more',
    targets     String           COMMENT 'what it scans, for people',
    settings    String           COMMENT 'all its settings, as JSON',
    changed     DateTime('UTC')  COMMENT 'when the scheduler took these settings',
    revision    UInt64           COMMENT 'the row with the highest is the valid one'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (job, vantage, machine);

CREATE TABLE IF NOT EXISTS runs
(
    job         LowCardinality(String) COMMENT 'name of the job',
    vantage     LowCardinality(String) COMMENT 'where its scan runs',
    planned     DateTime('UTC')  COMMENT 'when it was planned for; when it was asked for, where trigger is hand',
    run         UUID             COMMENT 'identifies the run',
    machine     LowCardinality(String) COMMENT 'host name of the scheduler',
    trigger     LowCardinality(String) COMMENT 'plan, catch_up (its time had passed) or hand',
    started     DateTime('UTC')  COMMENT 'when its first try was begun; 1970-01-01 where none was',
    finished    DateTime('UTC')  COMMENT 'when its last try ended; 1970-01-01 while it is not over',
    outcome     LowCardinality(String) COMMENT 'waiting, running, interrupted, finished, failed or skipped',
    reason      LowCardinality(String) COMMENT 'why it failed or was skipped; docs/schedule.md lists the reasons',
    message     String           COMMENT 'the same for people',
    scan        UUID             COMMENT 'its scan; zeros where none was begun',
    tries       UInt32           COMMENT 'how often it was begun or gone on with',
    revision    UInt64           COMMENT 'the row with the highest is the valid one'
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(planned)
ORDER BY (job, vantage, planned, run);

CREATE TABLE IF NOT EXISTS claims
(
    job         LowCardinality(String) COMMENT 'name of the job',
    vantage     LowCardinality(String) COMMENT 'where its scan runs',
    planned     DateTime('UTC')  COMMENT 'when the run was planned for',
    run         UUID             COMMENT 'the run that is claimed',
    machine     LowCardinality(String) COMMENT 'scheduler that claims it: its host name, and what tells two of one name apart',
    claimed     DateTime('UTC')  COMMENT 'when it was claimed, by the clock of the server; the first has it',
    expires     DateTime('UTC')  COMMENT 'when the claim ends unless it is renewed, by the clock of the server',
    state       LowCardinality(String) COMMENT 'held, done or given_up',
    revision    UInt64           COMMENT 'the row with the highest is the valid one'
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(planned)
ORDER BY (job, vantage, planned, run);
