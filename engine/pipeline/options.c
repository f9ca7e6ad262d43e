/* `options` of a pipeline file: they are for runners, and none of them means anything here; one
 * that Beam does not know either is likely a slip. */
#include <string.h>

#include "engine/pipeline/graph_internal.h"

static const char *const known[] = {"allow_unsafe_triggers", "artifact_endpoint",
    "auto_unique_labels", "autoscaling_algorithm", "beam_services",
    "calcite_connection_properties", "checkpoint_timeout_millis", "checkpointing_interval",
    "checkpointing_mode", "dataflow_endpoint", "dataflow_service_options", "dataflow_kms_key",
    "default_sdk_harness_log_level", "direct_num_workers", "direct_running_mode",
    "direct_runner_bundle_repeat", "disk_size_gb", "environment_cache_millis",
    "environment_config", "environment_options", "environment_type", "experiments",
    "expansion_service", "externalize_checkpoints_enabled", "extra_package", "extra_packages",
    "files_to_stage", "flink_conf_dir", "flink_job_server_jar", "flink_master",
    "flink_submit_uber_jar", "flink_version", "impersonate_service_account", "jinja_variables",
    "job_endpoint", "job_name", "job_port", "job_server_timeout", "labels", "machine_type",
    "max_cache_memory_usage_mb", "max_num_workers", "max_parallelism", "min_cpu_platform",
    "network", "no_use_public_ips", "num_workers", "number_of_worker_harness_threads",
    "number_of_execution_retries", "object_reuse", "parallelism",
    "performance_runtime_type_check", "pickle_library", "pickler", "pipeline_type_check",
    "prebuild_sdk_container_engine", "profile_cpu", "profile_location", "profile_memory",
    "project", "region", "requirements_cache", "requirements_file", "resource_hints",
    "retain_docker_containers", "runner", "runtime_type_check", "s3_endpoint_url",
    "s3_region_name", "save_main_session", "sdk_container_image",
    "sdk_harness_log_level_overrides", "sdk_location", "sdk_worker_parallelism",
    "service_account_email", "setup_file", "spark_master_url", "spark_submit_uber_jar",
    "spark_version", "staging_location", "state_backend", "streaming", "subnetwork",
    "temp_location", "template_location", "transform_name_mapping", "type_check_additional",
    "type_check_strictness", "update", "update_compatibility_version", "use_public_ips",
    "verbosity", "worker_disk_type", "worker_harness_container_image", "worker_machine_type",
    "worker_region", "worker_zone", "yaml_experimental_features", "yaml_pipeline",
    "yaml_pipeline_file", "zone"};

void mr_options_check(struct mr_graph_reader *reader, const struct mr_yaml *options)
{
    for (uint32_t i = 0; options && options->kind == MR_YAML_MAP && i < options->n; i++) {
        const struct mr_yaml *key = options->keys[i];
        bool is_known = false;
        for (size_t k = 0; k < MR_COUNT_OF(known); k++)
            is_known |= strcmp(known[k], key->text) == 0;
        if (is_known) continue;
        struct mr_err nearest = {0};
        mr_err_suggest(&nearest, key->text, known, MR_COUNT_OF(known));
        mr_graph_warn(reader, key->place,
            mr_region_printf(reader->region, "Beam has no option '%s' that it is known for%s%s",
                key->text, nearest.hint[0] ? ": " : "", nearest.hint));
    }
}
