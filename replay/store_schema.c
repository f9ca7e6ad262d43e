/* The tables of a record. docs/record.md explains them: keep the two alike. */
#include "replay/store_internal.h"

const char *const mr_store_tables[MR_TABLES] = {
    [MR_TABLE_BUILD] = "build",
    [MR_TABLE_SCENARIOS] = "scenarios",
    [MR_TABLE_TOPICS] = "topics",
    [MR_TABLE_SCENARIO_FAULTS] = "scenario_faults",
    [MR_TABLE_MILESTONES] = "milestones",
    [MR_TABLE_TALLIES] = "tallies",
    [MR_TABLE_LOST] = "lost",
    [MR_TABLE_RUNS] = "runs",
    [MR_TABLE_FINDINGS] = "findings",
    [MR_TABLE_FINDING_INPUTS] = "finding_inputs",
    [MR_TABLE_INPUTS] = "inputs",
    [MR_TABLE_OUTPUTS] = "outputs",
    [MR_TABLE_TRANSACTIONS] = "transactions",
    [MR_TABLE_WATERMARKS] = "watermarks",
    [MR_TABLE_BACKLOG] = "backlog",
    [MR_TABLE_LATE_ROWS] = "late_rows",
    [MR_TABLE_CHECKPOINTS] = "checkpoints",
    [MR_TABLE_JOB_STATES] = "job_states",
    [MR_TABLE_FAULTS] = "faults",
    [MR_TABLE_PROCESSES] = "processes",
    [MR_TABLE_POINTS] = "points",
    [MR_TABLE_MESSAGES] = "messages",
    [MR_TABLE_LOGS] = "logs",
    [MR_TABLE_DIGESTS] = "digests",
};

/* What all tables of a recorded run begin with: rows of one run lie together, in the order in
 * which things happened. */
#define EVENT "run INTEGER NOT NULL, n INTEGER NOT NULL, at_ns INTEGER NOT NULL, "
#define EVENT_END ", PRIMARY KEY (run, n)) WITHOUT ROWID;"

const char mr_store_schema_campaign[] =
    "CREATE TABLE build (id INTEGER PRIMARY KEY CHECK (id = 1), version TEXT NOT NULL,"
    " revision TEXT NOT NULL, compiler TEXT NOT NULL);"
    "CREATE TABLE scenarios (id INTEGER PRIMARY KEY, name TEXT NOT NULL, about TEXT NOT NULL,"
    " path TEXT NOT NULL, digest TEXT NOT NULL, plant TEXT NOT NULL,"
    " first_seed INTEGER NOT NULL, seeds INTEGER NOT NULL, expect_check TEXT,"
    " expect_verdict TEXT, expect_seeds INTEGER, checks TEXT NOT NULL);"
    "CREATE TABLE topics (scenario INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL,"
    " partitions INTEGER NOT NULL, is_input INTEGER NOT NULL,"
    " PRIMARY KEY (scenario, id)) WITHOUT ROWID;"
    "CREATE TABLE scenario_faults (scenario INTEGER NOT NULL, position INTEGER NOT NULL,"
    " name TEXT NOT NULL, kind TEXT NOT NULL, seeds_struck INTEGER,"
    " PRIMARY KEY (scenario, position)) WITHOUT ROWID;"
    "CREATE TABLE milestones (scenario INTEGER NOT NULL, name TEXT NOT NULL,"
    " about TEXT NOT NULL, is_demanded INTEGER NOT NULL, is_reached INTEGER,"
    " PRIMARY KEY (scenario, name)) WITHOUT ROWID;"
    "CREATE TABLE tallies (scenario INTEGER PRIMARY KEY, verdict TEXT NOT NULL,"
    " is_whole INTEGER NOT NULL, seeds INTEGER NOT NULL, passed INTEGER NOT NULL,"
    " expected INTEGER NOT NULL, unexpected INTEGER NOT NULL, lost INTEGER NOT NULL,"
    " diverged INTEGER NOT NULL, universe_failures INTEGER NOT NULL, steps INTEGER NOT NULL,"
    " virtual_ns INTEGER NOT NULL, seeds_restored INTEGER NOT NULL,"
    " expectation_holds INTEGER NOT NULL);"
    "CREATE TABLE lost (scenario INTEGER NOT NULL, seed INTEGER NOT NULL,"
    " signal INTEGER NOT NULL, code INTEGER NOT NULL,"
    " PRIMARY KEY (scenario, seed)) WITHOUT ROWID;"
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, scenario INTEGER NOT NULL,"
    " seed INTEGER NOT NULL, digest TEXT NOT NULL, steps INTEGER NOT NULL,"
    " virtual_ns INTEGER NOT NULL, ending TEXT NOT NULL, is_unexpected INTEGER NOT NULL,"
    " is_recorded INTEGER NOT NULL, manifest TEXT, rows_read INTEGER NOT NULL,"
    " rows_folded INTEGER NOT NULL, rows_matched INTEGER NOT NULL,"
    " rows_dropped INTEGER NOT NULL, checkpoints INTEGER NOT NULL, restores INTEGER NOT NULL,"
    " restarts INTEGER NOT NULL, cut_entries INTEGER NOT NULL, messages INTEGER NOT NULL,"
    " transactions INTEGER NOT NULL, milestones INTEGER NOT NULL,"
    " faults_struck INTEGER NOT NULL, arena_bytes INTEGER NOT NULL,"
    " engine_bytes INTEGER NOT NULL, engine_bytes_max INTEGER NOT NULL,"
    " universe_failures INTEGER NOT NULL);"
    "CREATE TABLE findings (id INTEGER PRIMARY KEY, run INTEGER NOT NULL,"
    " position INTEGER NOT NULL, check_name TEXT NOT NULL, verdict TEXT NOT NULL,"
    " count INTEGER NOT NULL, at_ns INTEGER NOT NULL, step INTEGER NOT NULL,"
    " transform TEXT NOT NULL, key TEXT NOT NULL, window_start_us INTEGER,"
    " window_end_us INTEGER, summary TEXT NOT NULL, cause TEXT NOT NULL,"
    " expected TEXT NOT NULL, actual TEXT NOT NULL, n_inputs INTEGER NOT NULL);"
    "CREATE TABLE finding_inputs (finding INTEGER NOT NULL, position INTEGER NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY (finding, position)) WITHOUT ROWID;"
    "CREATE INDEX runs_of_scenario ON runs (scenario, id);"
    "CREATE INDEX findings_of_run ON findings (run, position);";

const char mr_store_schema_runs[] =
    "CREATE TABLE inputs (run INTEGER NOT NULL, topic INTEGER NOT NULL,"
    " partition INTEGER NOT NULL, row_offset INTEGER NOT NULL, arrives_at_ns INTEGER,"
    " event_time_us INTEGER NOT NULL, PRIMARY KEY (run, topic, partition, row_offset))"
    " WITHOUT ROWID;"
    "CREATE TABLE outputs (" EVENT "topic INTEGER NOT NULL, partition INTEGER NOT NULL,"
    " row_offset INTEGER NOT NULL, producer_id INTEGER NOT NULL,"
    " producer_epoch INTEGER NOT NULL, attempt INTEGER NOT NULL, checkpoint INTEGER NOT NULL,"
    " event_time_us INTEGER NOT NULL, window_start_us INTEGER, window_end_us INTEGER,"
    " timing TEXT, row_json TEXT NOT NULL, kind TEXT" EVENT_END
    "CREATE TABLE transactions (" EVENT "producer_id INTEGER NOT NULL,"
    " producer_epoch INTEGER NOT NULL, what TEXT NOT NULL" EVENT_END
    "CREATE TABLE watermarks (" EVENT "transform TEXT NOT NULL, subtask INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, watermark_us INTEGER NOT NULL" EVENT_END
    "CREATE TABLE backlog (" EVENT "topic INTEGER NOT NULL,"
    " waiting_rows INTEGER NOT NULL" EVENT_END "CREATE TABLE late_rows (" EVENT
    "transform TEXT NOT NULL, subtask INTEGER NOT NULL, event_time_us INTEGER NOT NULL,"
    " window_start_us INTEGER NOT NULL, window_end_us INTEGER NOT NULL,"
    " watermark_us INTEGER NOT NULL" EVENT_END "CREATE TABLE checkpoints (" EVENT
    "checkpoint INTEGER NOT NULL, attempt INTEGER NOT NULL, what TEXT NOT NULL,"
    " bytes INTEGER NOT NULL" EVENT_END "CREATE TABLE job_states (" EVENT
    "attempt INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL" EVENT_END
    "CREATE TABLE faults (" EVENT "name TEXT NOT NULL, kind TEXT NOT NULL,"
    " process TEXT NOT NULL, begins INTEGER NOT NULL" EVENT_END "CREATE TABLE processes (" EVENT
    "process TEXT NOT NULL, what TEXT NOT NULL" EVENT_END "CREATE TABLE points (" EVENT
    "process TEXT NOT NULL, point TEXT NOT NULL, occurrence INTEGER NOT NULL" EVENT_END
    "CREATE TABLE messages (" EVENT "sender TEXT NOT NULL, receiver TEXT NOT NULL,"
    " connection INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL" EVENT_END "CREATE TABLE logs (" EVENT
    "process TEXT NOT NULL, text TEXT NOT NULL" EVENT_END
    "CREATE TABLE digests (run INTEGER NOT NULL, first_step INTEGER NOT NULL,"
    " steps INTEGER NOT NULL, at_ns INTEGER NOT NULL, digests BLOB NOT NULL,"
    " PRIMARY KEY (run, first_step)) WITHOUT ROWID;";

const char mr_store_schema_views[] =
    "CREATE VIEW failures AS SELECT runs.id AS run, scenarios.name AS scenario, runs.seed,"
    " findings.check_name, findings.verdict, findings.count, findings.summary, findings.cause,"
    " runs.is_unexpected, runs.is_recorded FROM findings JOIN runs ON runs.id = findings.run"
    " JOIN scenarios ON scenarios.id = runs.scenario;"
    "CREATE VIEW seeds AS SELECT runs.id AS run, scenarios.name AS scenario, runs.seed,"
    " coalesce((SELECT f.verdict FROM findings f WHERE f.run = runs.id ORDER BY f.position"
    " LIMIT 1), 'PASS') AS verdict, runs.is_unexpected, runs.is_recorded, runs.ending,"
    " runs.virtual_ns, runs.steps, runs.rows_read, runs.rows_matched, runs.rows_dropped,"
    " runs.checkpoints, runs.restores, runs.digest FROM runs"
    " JOIN scenarios ON scenarios.id = runs.scenario;"
    "CREATE VIEW committed_outputs AS SELECT outputs.run, outputs.n, topics.name AS topic,"
    " outputs.partition, outputs.row_offset, outputs.at_ns AS appended_at_ns,"
    " CASE producer_id WHEN 0 THEN outputs.at_ns ELSE (SELECT t.at_ns FROM transactions t"
    " WHERE t.run = outputs.run AND t.n > outputs.n AND t.producer_id = outputs.producer_id"
    " AND t.producer_epoch = outputs.producer_epoch AND t.what IN ('committed', 'aborted',"
    " 'fenced', 'timed out') ORDER BY t.n LIMIT 1) END AS committed_at_ns,"
    " outputs.attempt, outputs.checkpoint, outputs.event_time_us, outputs.window_start_us,"
    " outputs.window_end_us, outputs.row_json FROM outputs"
    " JOIN runs ON runs.id = outputs.run"
    " JOIN topics ON topics.scenario = runs.scenario AND topics.id = outputs.topic"
    " WHERE producer_id = 0 OR 'committed' = (SELECT t.what FROM transactions t"
    " WHERE t.run = outputs.run AND t.n > outputs.n AND t.producer_id = outputs.producer_id"
    " AND t.producer_epoch = outputs.producer_epoch AND t.what IN ('committed', 'aborted',"
    " 'fenced', 'timed out') ORDER BY t.n LIMIT 1);"
    "CREATE VIEW timeline AS"
    " SELECT run, n, at_ns, 'job' AS what, state || ' (attempt ' || attempt || ') ' || reason"
    " AS text FROM job_states"
    " UNION ALL SELECT run, n, at_ns, 'checkpoint', 'checkpoint ' || checkpoint || ' ' || what"
    " FROM checkpoints"
    " UNION ALL SELECT run, n, at_ns, 'fault', name || ' ' || kind || ' ' || process ||"
    " CASE begins WHEN 1 THEN ' begins' ELSE ' ends' END FROM faults"
    " UNION ALL SELECT run, n, at_ns, 'process', process || ' ' || what FROM processes"
    " UNION ALL SELECT run, n, at_ns, 'transaction', 'producer ' || producer_id || ' epoch ' ||"
    " producer_epoch || ' ' || what FROM transactions"
    " UNION ALL SELECT run, n, at_ns, 'log', process || ': ' || text FROM logs;";
