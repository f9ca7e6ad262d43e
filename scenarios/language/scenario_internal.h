/* What the files of language/ share: the reading of one scenario, and readers of single values.
 */
#ifndef MR_SCENARIOS_LANGUAGE_SCENARIO_INTERNAL_H
#define MR_SCENARIOS_LANGUAGE_SCENARIO_INTERNAL_H

#include "base/yaml.h"
#include "scenarios/language/path.h"
#include "scenarios/language/scenario.h"

#define MR_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { MR_FAULTS_MAX = 64 }; /* bits of mr_world_faults_struck */

/* The maps of the language. */
enum mr_map {
    MR_MAP_SCENARIO,
    MR_MAP_PIPELINE,
    MR_MAP_STREAM,
    MR_MAP_ARRIVAL,
    MR_MAP_DISORDER,
    MR_MAP_SILENCE,
    MR_MAP_GENERATE,
    MR_MAP_OUTPUT,
    MR_MAP_SERVICES,
    MR_MAP_BROKER,
    MR_MAP_OBJECTS,
    MR_MAP_LOOKUP,
    MR_MAP_CLUSTER,
    MR_MAP_CHECKPOINT,
    MR_MAP_FETCH,
    MR_MAP_HEARTBEAT,
    MR_MAP_RESTART,
    MR_MAP_COSTS,
    MR_MAP_NETWORK,
    MR_MAP_LINK,
    MR_MAP_FAULT,
    MR_MAP_CRASH,
    MR_MAP_PAUSE,
    MR_MAP_SLOW_CPU,
    MR_MAP_PARTITION,
    MR_MAP_RESET,
    MR_MAP_SLOW_LINK,
    MR_MAP_AT,
    MR_MAP_CHANCES,
    MR_MAP_JOB_STEP,
    MR_MAP_JOB_STOP,
    MR_MAP_JOB_RESTART,
    MR_MAP_CHECK,
    MR_MAP_CHECK_EXACTLY_ONCE,
    MR_MAP_CHECK_LIVENESS,
    MR_MAP_CHECK_LATE,
    MR_MAP_CHECK_PLAIN, /* of checks without options */
    MR_MAP_EXPECT,
    MR_MAP_EXPECT_FAIL,
    MR_MAP_EXPECT_SEEDS,
    MR_MAP_LIMITS,
    MR_MAP_STEP,
    MR_MAP_STEP_ROWS,
    MR_MAP_STEP_ROW,
    MR_MAP_STEP_WATERMARK,
    MR_MAP_STEP_INPUT,
    MR_MAP_STEP_ADVANCE,
    MR_MAP_STEP_EXPECT,
    MR_MAP_STEP_PANE,
    MR_MAP_STEP_WINDOW,
    MR_MAP_STEP_OUTPUT,
    MR_MAP_STEP_STATE,
    MR_MAP_STEP_SOURCE,
    MR_MAP_BETWEEN,
    MR_MAP_SEEDED,
    MR_MAP_CONSTANT, /* the distributions, in the order of their kinds */
    MR_MAP_UNIFORM,
    MR_MAP_EXPONENTIAL,
    MR_MAP_LOGNORMAL,
    MR_MAP_BIMODAL,
    MR_MAP_TABLE,
    MR_MAPS,
};
enum { MR_MAP_KEYS_MAX = 24 };
struct mr_map_keys {
    const char *name;                      /* of its definition in the JSON Schema */
    const char *keys[MR_MAP_KEYS_MAX + 1]; /* NULL behind the last */
};
extern const struct mr_map_keys mr_map_keys[MR_MAPS];
size_t mr_map_key_count(enum mr_map map);

struct mr_reading {
    struct mr_region *region;
    const char *path;
    const char *folder; /* of the scenario */
    const struct mr_file_reader *files;
    struct mr_scenario *scenario;
    struct mr_topic *topics; /* of the scenario, while they are filled */
    uint64_t digest;
    struct mr_err *err;
};

/* What an integer counts: how it is written and in which unit it is kept. */
enum mr_quantity {
    MR_QUANTITY_COUNT,
    MR_QUANTITY_NS, /* a duration, kept in nanoseconds */
    MR_QUANTITY_US, /* a duration, kept in microseconds */
};
struct mr_range {
    enum mr_quantity quantity;
    int64_t min; /* in the unit in which it is kept */
    int64_t max;
};
#define MR_RANGE_COUNT(least, most) ((struct mr_range){MR_QUANTITY_COUNT, (least), (most)})
/* Any duration from zero on, and any above zero. */
#define MR_RANGE_NS ((struct mr_range){MR_QUANTITY_NS, 0, MR_NS_NEVER - 1})
#define MR_RANGE_NS_POSITIVE ((struct mr_range){MR_QUANTITY_NS, 1, MR_NS_NEVER - 1})
#define MR_RANGE_US ((struct mr_range){MR_QUANTITY_US, 0, MR_NS_NEVER / 1000})
#define MR_RANGE_US_POSITIVE ((struct mr_range){MR_QUANTITY_US, 1, MR_NS_NEVER / 1000})

/* The readers below take the map and a written path such as "cluster.heartbeat.every"; the key
 * is what follows its last dot. A key that is not there leaves *out as it is, the default. */
const struct mr_yaml *mr_read_key(const struct mr_yaml *map, const char *path);
/* Fails where the map has no such key. */
bool mr_read_required(struct mr_reading *reading, const struct mr_yaml *map, const char *path);
/* The value of a node that is an integer or a duration, as the range says. */
bool mr_read_scalar(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    struct mr_range range, int64_t *out);
bool mr_read_integer(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    struct mr_range range, int64_t *out);
bool mr_read_u32(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    uint32_t min, uint32_t max, uint32_t *out);
bool mr_read_bool(
    struct mr_reading *reading, const struct mr_yaml *map, const char *path, bool *out);
bool mr_read_text(
    struct mr_reading *reading, const struct mr_yaml *map, const char *path, const char **out);
/* One of `words[n_words]`: its index. */
bool mr_read_word(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    const char *const *words, size_t n_words, int *out);
/* A share: `0.1%` or a number in [0, 1]. */
bool mr_read_ratio(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    struct mr_ratio *out);
/* Bytes: a number, perhaps with `kB MB GB KiB MiB GiB`. */
bool mr_read_bytes(
    struct mr_reading *reading, const struct mr_yaml *map, const char *path, int64_t *out);
bool mr_read_distribution(struct mr_reading *reading, const struct mr_yaml *map,
    const char *path, struct mr_range range, struct mr_distribution *out);
/* A value that is drawn once a seed; `name` keys the draw. */
bool mr_read_drawn(struct mr_reading *reading, const struct mr_yaml *map, const char *path,
    const char *name, struct mr_range range, struct mr_drawn *out);
struct mr_drawn mr_drawn_constant(const char *name, int64_t value);

/* Fails at a node: "unknown <what> '<word>'" with the nearest word. */
bool mr_fail_word(struct mr_reading *reading, const struct mr_yaml *node, const char *what,
    const char *word, const char *const *words, size_t n_words);
#define mr_fail_node(reading, node, ...) mr_fail_at((reading)->err, (node)->place, __VA_ARGS__)
/* Fails where the map has a key that its kind has not, with the nearest one; also when it is no
 * map. */
bool mr_read_keys(
    struct mr_reading *reading, const struct mr_yaml *map, const char *what, enum mr_map kind);
/* An empty map stands for a key that is not there. */
const struct mr_yaml *mr_read_map(const struct mr_yaml *map, const char *path);

/* The parts of a scenario, in the order in which they are read. `root` is the document. */
bool mr_read_cluster(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_network(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_lookups(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_services(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_pipeline(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_streams(struct mr_reading *reading, const struct mr_yaml *root);
/* `generate` of a stream; the keys that are for traces are refused. */
bool mr_read_generate(
    struct mr_reading *reading, const struct mr_yaml *map, struct mr_stream_config *config);
bool mr_read_outputs(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_faults(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_chances(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_job(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_checks(struct mr_reading *reading, const struct mr_yaml *root);
/* Stepped scenarios: the calm world, in the place of what is written of others; inputs that steps feed; the steps. */
bool mr_read_stepped_world(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_inputs(struct mr_reading *reading, const struct mr_yaml *root);
/* Puts a ReadFromLog in the place of each transform that `inputs` names. */
bool mr_replace_inputs(
    struct mr_reading *reading, const struct mr_yaml *root, const struct mr_yaml **document);
bool mr_readers_agree(
    struct mr_reading *reading, const struct mr_transform *first, const struct mr_yaml *node);
bool mr_read_steps(struct mr_reading *reading, const struct mr_yaml *root);
/* A row of the schema from a map of its fields. Those that are not there are null, or must be there; the field
 * `lacking` need not (-1: none such). */
bool mr_read_row(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_schema *schema, int lacking, const struct mr_value **out);
bool mr_read_value(struct mr_reading *reading, const struct mr_yaml *node,
    const struct mr_field *field, struct mr_value *out);
/* A point in event time: ISO, seconds, a duration since 1970, or an extreme. */
bool mr_read_time(
    struct mr_reading *reading, const struct mr_yaml *node, const char *what, mr_us *out);
bool mr_read_expect(struct mr_reading *reading, const struct mr_yaml *root);
bool mr_read_sometimes(struct mr_reading *reading, const struct mr_yaml *root);

/* document.c: all of them. */
bool mr_read_parts(struct mr_reading *reading, const struct mr_yaml *root);

/* The process that a key names, fails with the nearest name. */
bool mr_read_process(
    struct mr_reading *reading, const struct mr_yaml *map, const char *path, uint32_t *out);
/* Reads a file beside the scenario: its text, and the path for messages. `node` says where it
 * was asked for. */
bool mr_read_file(struct mr_reading *reading, const struct mr_yaml *node, const char *path,
    const char **shown_path, const char **text, size_t *bytes);

#endif
