/* Campaigns over pipelines with rows on which native expressions fail. */
#include "tests/test_cli_whole.h"

static const char failing[] =
    "pipeline:\n"
    "  type: composite\n"
    "  transforms:\n"
    "    - type: ReadFromLog\n"
    "      config:\n"
    "        topic: events\n"
    "        schema: {at: timestamp, key: integer, value: integer}\n"
    "        event_time: at\n"
    "        watermark: {strategy: bounded, max_out_of_orderness: 10ms}\n"
    "    - type: MapToFields\n"
    "      input: ReadFromLog\n"
    "      config:\n"
    "        language: python\n"
    "        fields:\n"
    "          key: key\n"
    "          large: value * 4611686018427387904 * 8 % 1000\n"
    "          ratio: 100 // (value % 7)\n"
    "          digit: str(value)[1]\n"
    "        error_handling: {output: bad}\n"
    "    - type: WriteToLog\n"
    "      name: Good\n"
    "      input: MapToFields\n"
    "      config: {topic: good, key: key, delivery: exactly_once}\n"
    "    - type: WriteToLog\n"
    "      name: Bad\n"
    "      input: MapToFields.bad\n"
    "      config: {topic: bad, delivery: exactly_once}\n";

/* Engine and oracle have the same values and errors, through crashes; CPython begins in the
 * middle of a run, and going back in time does not change what it gives. */
static void rows_that_fail_natively_are_right_through_crashes(void **state)
{
    struct bench *bench = *state;
    write_text("pipeline.yaml", failing, "");
    run(bench, "test small.yaml --seeds 3 --twice --universe 2", 0);
    says(bench, "1 scenario: 1 passed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        rows_that_fail_natively_are_right_through_crashes, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
