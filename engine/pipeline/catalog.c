#include <string.h>

#include "engine/pipeline/provider.h"

static const struct mr_catalog_entry supported[] = {
    {"ReadFromLog", MR_READ_FROM_LOG, 0, 0, false, true, mr_configure_read_from_log},
    {"Create", MR_CREATE, 0, 0, false, false, mr_configure_create},
    {"MapToFields", MR_MAP_TO_FIELDS, 1, 1, true, false, mr_configure_map_to_fields},
    {"Filter", MR_FILTER, 1, 1, true, false, mr_configure_filter},
    {"Flatten", MR_FLATTEN, 1, MR_TRANSFORMS_MAX, false, false, mr_configure_flatten},
    {"AssignTimestamps", MR_ASSIGN_TIMESTAMPS, 1, 1, true, false,
        mr_configure_assign_timestamps},
    {"WindowInto", MR_WINDOW_INTO, 1, 1, false, false, mr_configure_window_into},
    {"Window", MR_WINDOW_INTO, 1, 1, false, true, mr_configure_window},
    {"Combine", MR_COMBINE, 1, 1, true, false, mr_configure_combine},
    {"WriteToLog", MR_WRITE_TO_LOG, 1, 1, false, true, mr_configure_write_to_log},
    {"Partition", MR_PARTITION, 1, 1, true, false, mr_configure_partition},
    {"Reshuffle", MR_RESHUFFLE, 1, 1, false, false, mr_configure_reshuffle},
    {"ExtractWindowingInfo", MR_EXTRACT_WINDOWING_INFO, 1, 1, false, false,
        mr_configure_extract_windowing_info},
    {"ValidateWithSchema", MR_VALIDATE_WITH_SCHEMA, 1, 1, false, false,
        mr_configure_validate_with_schema},
    {"Explode", MR_EXPLODE, 1, 1, false, false, mr_configure_explode},
    {"StripErrorMetadata", MR_MAP_TO_FIELDS, 1, 1, false, false,
        mr_configure_strip_error_metadata},
    {"Lookup", MR_LOOKUP, 1, 1, false, true, mr_configure_lookup},
    {"LogForTesting", MR_LOG_FOR_TESTING, 1, 1, false, false, mr_configure_log_for_testing},
    {"AssertEqual", MR_WRITE_TO_LOG, 1, 1, false, false, mr_configure_assert_equal},
    {"Sql", MR_SQL, 1, MR_JOIN_INPUTS_MAX, false, false, mr_configure_sql},
    {"JoinStreams", MR_JOIN_STREAMS, 2, 2, false, true, mr_configure_join_streams},
    {"Join", MR_JOIN, 2, MR_JOIN_INPUTS_MAX, false, false, mr_configure_join},
    {"ReadFromText", MR_CREATE, 0, 0, false, false, mr_configure_read_from_text},
    {"ReadFromCsv", MR_CREATE, 0, 0, false, false, mr_configure_read_from_csv},
    {"ReadFromJson", MR_CREATE, 0, 0, false, false, mr_configure_read_from_json},
    {"MatchAll", MR_CREATE, 1, 1, false, false, mr_configure_match_all},
    {"ReadFromKafka", MR_READ_FROM_LOG, 0, 0, false, false, mr_configure_read_from_kafka},
    {"WriteToKafka", MR_WRITE_TO_LOG, 1, 1, false, false, mr_configure_write_to_kafka},
    {"WriteToText", MR_WRITE_TO_LOG, 1, 1, false, false, mr_configure_write_to_text},
    {"WriteToCsv", MR_WRITE_TO_LOG, 1, 1, false, false, mr_configure_write_to_csv},
    {"WriteToJson", MR_WRITE_TO_LOG, 1, 1, false, false, mr_configure_write_to_json},
    {"KeyedProcess", MR_KEYED_PROCESS, 1, 16, false, true, mr_configure_keyed_process},
    {"Deduplicate", MR_DEDUPLICATE, 1, 1, false, true, mr_configure_deduplicate},
    {"TopN", MR_TOP_N, 1, 1, false, true, mr_configure_top_n},
    {"Materialize", MR_MATERIALIZE, 1, 1, false, true, mr_configure_materialize},
    {"Route", MR_ROUTE, 1, 2, false, true, mr_configure_route},
};

/* What Beam's own provider has, and the extensions that DESIGN.md names: known, so that the
 * refusal can say so. */
static const char *const not_yet[] = {"PyTransform", "Enrichment", "AnomalyDetection", "MLTransform", "RunInference",
    "ReadFromParquet", "WriteToParquet", "ReadFromAvro", "WriteToAvro", "ReadFromTFRecord",
    "WriteToTFRecord", "ReadFromPubSub", "WriteToPubSub", "ReadFromPubSubLite",
    "WriteToPubSubLite", "ReadFromBigQuery", "WriteToBigQuery",
    "ReadFromJdbc", "WriteToJdbc", "ReadFromMySql", "WriteToMySql", "ReadFromPostgres",
    "WriteToPostgres", "ReadFromOracle", "WriteToOracle", "ReadFromSqlServer",
    "WriteToSqlServer", "ReadFromSpanner", "WriteToSpanner", "ReadFromBigTable",
    "WriteToBigTable", "ReadFromIceberg", "ReadFromIcebergCDC", "WriteToIceberg",
    "ReadFromDelta", "WriteToDelta", "ReadFromMongoDB", "WriteToMongoDB", "ReadFromDebezium",
    "WriteToDatadog", "WriteToSplunk", "WriteToTable"};

const struct mr_catalog_entry *mr_catalog_at(size_t i)
{
    return i < MR_COUNT_OF(supported) ? &supported[i] : NULL;
}

const struct mr_catalog_entry *mr_catalog_entry(enum mr_transform_kind kind)
{
    for (size_t i = 0; i < MR_COUNT_OF(supported); i++)
        if (supported[i].kind == kind) return &supported[i];
    return NULL;
}

static bool fail_unknown(struct mr_graph_reader *reader, const struct mr_yaml *type)
{
    const char *words[MR_COUNT_OF(supported) + MR_COUNT_OF(not_yet) + 2];
    size_t n = 0;
    for (size_t i = 0; i < MR_COUNT_OF(supported); i++) words[n++] = supported[i].type;
    words[n++] = "chain";
    words[n++] = "composite";
    for (size_t i = 0; i < MR_COUNT_OF(not_yet); i++) words[n++] = not_yet[i];
    mr_fail_at(reader->err, type->place, "unknown transform type '%s'", type->text);
    mr_err_suggest(reader->err, type->text, words, n);
    return false;
}

static bool find_entry(struct mr_graph_reader *reader, const struct mr_yaml *type,
    const struct mr_catalog_entry **out)
{
    const struct mr_catalog_entry *entry = NULL;
    for (size_t i = 0; i < MR_COUNT_OF(supported); i++)
        if (strcmp(supported[i].type, type->text) == 0) entry = &supported[i];
    *out = entry;
    /* Extensions are known by name, whether a provider stands there for production or not. */
    if (entry && entry->is_extension) return true;
    const struct mr_provided *provided = mr_provided_find(reader, type->text);
    if (provided)
        return mr_fail_at(reader->err, type->place,
            "transform type '%s' comes from a provider of type '%s', whose code does not run "
            "here: mock it",
            type->text, provided->kind);
    if (entry) return true;
    const char *refusal = mr_refusal(type->text);
    if (refusal)
        return mr_fail_at(
            reader->err, type->place, "transform type '%s' %s", type->text, refusal);
    for (size_t i = 0; i < MR_COUNT_OF(not_yet); i++)
        if (strcmp(not_yet[i], type->text) == 0)
            return mr_fail_at(reader->err, type->place,
                "transform type '%s' is not supported yet", type->text);
    return fail_unknown(reader, type);
}

/* The refusal comes when the transform is needed. */
static bool configure_unsupported(
    struct mr_graph_reader *reader, const struct mr_spec *spec, struct mr_transform *transform)
{
    const struct mr_catalog_entry *entry;
    (void)transform;
    return find_entry(reader, mr_yaml_get(spec->node, "type"), &entry);
}

static const struct mr_catalog_entry unsupported = {
    "", MR_CREATE, 0, MR_TRANSFORMS_MAX, false, false, configure_unsupported};

bool mr_catalog_find(struct mr_graph_reader *reader, const struct mr_yaml *type,
    const struct mr_catalog_entry **out)
{
    struct mr_graph_reader probe = *reader;
    struct mr_err ignored = {0};
    if (!reader->is_lenient) return find_entry(reader, type, out);
    probe.err = &ignored;
    if (!find_entry(&probe, type, out)) *out = &unsupported;
    return true;
}
