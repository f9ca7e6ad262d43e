/* Transforms with state by key in whole runs: with crashes, rows out of order and rewinds the
 * checks find nothing to say, and with a planted bug they do. */
#include "tests/test_run_windows.h"

enum { SEEDS = 25 };

#define HOURS "    - {type: Window, config: {windowing: {type: fixed, size: 100ms}}}\n"

static const char seen_once[] = SOURCE "    - {type: Deduplicate, config: {key: key}}\n" SINK;
static const char seen_within[] =
    SOURCE "    - {type: Deduplicate, config: {key: [key, value], within: 150ms}}\n" SINK;
static const char seen_within_processing_time[] = SOURCE
    "    - {type: Deduplicate, config: {key: key, within: 70ms, time: processing}}\n" SINK;
static const char seen_in_windows[] =
    SOURCE HOURS "    - {type: Deduplicate, config: {key: key}}\n" TOTALS SINK;

static const char best_of_windows[] =
    SOURCE HOURS "    - {type: TopN, config: {key: key, n: 3, order_by: value}}\n" SINK;
static const char best_of_sliding[] = SOURCE
    "    - {type: Window, config: {windowing: {type: sliding, size: 90ms, period: 40ms}}}\n"
    "    - {type: TopN, config: {key: [], n: 4, order_by: [{field: value, order: asc}, at]}}\n"
    "    - {type: Combine, config: {group_by: key, combine: {n: {fn: count, value: "
    "key}}}}\n" SINK;
static const char best_so_far[] = SOURCE
    "    - {type: TopN, config: {key: key, n: 2, order_by: value, emit: changes}}\n" SINK;

static const char view_of_last[] = SOURCE "    - {type: Materialize, config: {key: key, "
                                          "language: python, delete: 'value % 5 == 0'}}\n" SINK;
static const char view_of_newest[] = SOURCE "    - {type: Materialize, config: {key: key, "
                                            "version: at, language: python, delete: 'value "
                                            "% 3 == 0', ttl: 300ms}}\n" SINK;

#define TREE                                                                                   \
    "pipeline:\n"                                                                              \
    "  transforms:\n"                                                                          \
    "    - type: ReadFromLog\n"                                                                \
    "      config:\n"                                                                          \
    "        topic: events\n"                                                                  \
    "        schema: {at: timestamp, key: integer, value: integer}\n"                          \
    "        event_time: at\n"                                                                 \
    "        watermark: {strategy: bounded, max_out_of_orderness: 15ms}\n"
#define SINK_OF(name, input, topic)                                                            \
    "    - {type: WriteToLog, name: " name ", input: " input ", config: {topic: " topic        \
    ", key: key}}\n"

static const char routed[] = TREE
    "    - type: Route\n"
    "      input: ReadFromLog\n"
    "      config:\n"
    "        language: python\n"
    "        mode: all\n"
    "        default: rest\n"
    "        rules: [{when: 'value > 60', to: high}, {when: '7 // (key - 3) > 1', to: some},\n"
    "                {when: {callable: 'lambda row: {}[row.key] if row.key in (3, 5) else "
    "row.value > 80'}, to: high}]\n"
    "        error_handling: {output: bad}\n" SINK_OF("A", "Route.high", "high") SINK_OF(
        "B", "Route.some", "some") SINK_OF("C", "Route.rest",
        "totals") "    - {type: WriteToLog, name: D, input: Route.bad, config: {topic: bad}}\n";

/* Rules come as rows, made of some of the events: new versions, old ones late, deletions, and
 * some that are no rules. */
static const char controlled[] = TREE
    "    - {type: Filter, input: ReadFromLog, config: {language: python, keep: 'value % 6 == "
    "0'}}\n"
    "    - type: MapToFields\n"
    "      name: Rules\n"
    "      input: Filter\n"
    "      config:\n"
    "        language: python\n"
    "        fields:\n"
    "          rule: \"'r' + str(key % 5)\"\n"
    "          version: value\n"
    "          to: {expression: \"None if value % 5 == 0 else 'high' if value % 4 else "
    "'nowhere' if "
    "value % 7 == 0 else 'some'\", output_type: string}\n"
    "          field: {expression: \"None if key == 9 else 'value' if key % 2 else 'at'\", "
    "output_type: string}\n"
    "          op: \"'>=' if key % 3 else '=='\"\n"
    "          value: \"str(value % 50) if key % 2 else '2001-01-01T00:00:01.2Z'\"\n"
    "    - type: Route\n"
    "      input: {rows: ReadFromLog, rules: Rules}\n"
    "      config: {rules_input: rules, outputs: [high, some], default: rest, error_handling: "
    "{output: bad}}\n" SINK_OF("A", "Route.high", "high") SINK_OF(
        "B", "Route.some", "some") SINK_OF("C", "Route.rest",
        "totals") "    - {type: WriteToLog, name: D, input: Route.bad, config: {topic: bad}}\n";

/* Two inputs, both kinds of timers, both kinds of TTL, errors of rows and of timers. */
static const char joined[] = TREE
    "    - {type: Filter, name: Left, input: ReadFromLog, config: {language: python, keep: "
    "'value % 2 == 0'}}\n"
    "    - {type: Filter, name: Right, input: ReadFromLog, config: {language: python, keep: "
    "'value % 2 == 1'}}\n"
    "    - type: KeyedProcess\n"
    "      name: Join\n"
    "      input: {left: Left, right: Right}\n"
    "      config:\n"
    "        key: key\n"
    "        state:\n"
    "          waiting: {kind: bag, ttl: 200ms}\n"
    "          recent: {kind: value, type: object, ttl: 30ms, ttl_time: processing}\n"
    "          seen: map\n"
    "        timers: {expire: event_time, tick: processing_time}\n"
    "        on_element:\n"
    "          left: |\n"
    "            def left(row, state, timers, ctx):\n"
    "                if row.value == 50:\n"
    "                    raise ValueError('no fifty')\n"
    "                state.seen.put(row.value, state.seen.get(row.value, 0) + 1)\n"
    "                if state.recent.read() is None:\n"
    "                    state.waiting.add([row.value, 'x' * (row.value % 20)])\n"
    "                    timers.expire.set(ctx.timestamp + 0.1)\n"
    "                else:\n"
    "                    yield {'key': ctx.key, 'what': 'joined', 'n': "
    "state.recent.read()['value']}\n"
    "          right: |\n"
    "            def right(row, state, timers, ctx):\n"
    "                state.recent.write({'value': row.value})\n"
    "                timers.tick.set(ctx.now + 0.04)\n"
    "                for value, text in state.waiting:\n"
    "                    yield {'key': ctx.key, 'what': text, 'n': value}\n"
    "                state.waiting.clear()\n"
    "        on_timer:\n"
    "          expire: |\n"
    "            def expire(key, state, timers, ctx):\n"
    "                if state.seen.get(48):\n"
    "                    state.seen.remove(48)\n"
    "                    timers.expire.set(ctx.timestamp + 0.05)\n"
    "                if len(state.seen) > 9:\n"
    "                    state.seen.clear()\n"
    "                yield {'key': key, 'what': 'expired', 'n': len(state.waiting)}\n"
    "                state.waiting.clear()\n"
    "          tick: |\n"
    "            def tick(key, state):\n"
    "                return {'key': key, 'what': 'tick', 'n': 1 // (key - 5)}\n"
    "        schema: {key: integer, what: string, n: integer}\n"
    "        error_handling: {output: bad}\n" SINK_OF("A", "Join",
        "totals") "    - {type: WriteToLog, name: B, input: Join.bad, config: {topic: bad}}\n";
/* State by window: the timer lies at its end. Panes go in, and a Combine follows. */
static const char counted_in_windows[] = SOURCE HOURS
    "    - {type: Combine, config: {group_by: [key, value], combine: {n: {fn: count, value: "
    "key}}}}\n"
    "    - type: KeyedProcess\n"
    "      config:\n"
    "        key: key\n"
    "        state: {values: bag}\n"
    "        timers: {end: event_time}\n"
    "        on_element: |\n"
    "          def add(row, state, timers, ctx):\n"
    "              state.values.add(row.n)\n"
    "              timers.end.set(ctx.window.max_timestamp())\n"
    "        on_timer:\n"
    "          end: |\n"
    "            def end(key, state, timers, ctx):\n"
    "                yield {'key': key, 'value': sum(state.values)}\n"
    "        schema: {key: integer, value: integer}\n" TOTALS SINK;
/* Nothing but an event-time timer: what it finds lost or late is a loss. */
static const char pauses[] =
    SOURCE "    - type: KeyedProcess\n"
           "      config:\n"
           "        key: key\n"
           "        state: {n: {kind: value, type: integer}, recent: {kind: map, ttl: 80ms}}\n"
           "        timers: {quiet: event_time}\n"
           "        on_element: |\n"
           "          def add(row, state, timers, ctx):\n"
           "              state.n.write(state.n.read(0) + 1)\n"
           "              state.recent.put(row.value, True)\n"
           "              timers.quiet.set(ctx.timestamp + 0.2)\n"
           "              yield {'key': row.key, 'n': len(state.recent)}\n"
           "        on_timer:\n"
           "          quiet: |\n"
           "            def quiet(key, state):\n"
           "                yield {'key': key, 'n': -state.n.read(0)}\n"
           "                state.n.clear()\n"
           "        schema: {key: integer, n: integer}\n" SINK;

static void a_deduplicate_lets_each_key_through_once(void **state)
{
    (void)state;
    assert_calm(seen_once, crash_scenario, SEEDS);
    assert_calm(seen_within, crash_scenario, SEEDS);
    assert_calm(seen_within_processing_time, crash_scenario, SEEDS);
    assert_true(assert_calm(seen_in_windows, crash_scenario, SEEDS) > 0); /* rows come late */
}

static void a_top_n_has_the_best_rows_of_each_window(void **state)
{
    (void)state;
    assert_true(assert_calm(best_of_windows, crash_scenario, SEEDS) > 0);
    assert_calm(best_of_sliding, crash_scenario, SEEDS);
    assert_calm(best_so_far, crash_scenario, SEEDS);
}

static void a_view_follows_its_events(void **state)
{
    (void)state;
    assert_calm(view_of_last, crash_scenario, SEEDS);
    assert_calm(view_of_newest, crash_scenario, SEEDS);
}

static void rows_go_where_the_rules_say(void **state)
{
    (void)state;
    assert_calm(routed, crash_scenario, SEEDS);
}

static void rules_that_change_are_those_of_the_checkpoint(void **state)
{
    (void)state;
    assert_calm(controlled, crash_scenario, SEEDS);
    assert_calm(controlled, rewind_scenario, SEEDS);
    assert_caught(controlled, crash_scenario, MR_PLANT_RESTORE_SKIPS_STATE,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
}

static void user_code_keeps_its_state_through_crashes(void **state)
{
    (void)state;
    assert_calm(joined, crash_scenario, SEEDS / 2);
    assert_calm(counted_in_windows, crash_scenario, SEEDS / 2);
    assert_calm(pauses, crash_scenario, SEEDS / 2);
}

static void a_rewind_leaves_state_exact(void **state)
{
    (void)state;
    assert_calm(seen_within, rewind_scenario, SEEDS);
    assert_calm(best_of_windows, rewind_scenario, SEEDS);
    assert_calm(view_of_newest, rewind_scenario, SEEDS);
    assert_calm(pauses, rewind_scenario, SEEDS / 2);
}

static void a_timer_that_is_lost_or_late_is_caught(void **state)
{
    (void)state;
    assert_caught(pauses, crash_scenario, MR_PLANT_KEYED_TIMER_LOST, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_LOSS);
    assert_caught(pauses, crash_scenario, MR_PLANT_KEYED_TIMER_SLOW, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_LOSS);
    assert_caught(best_of_windows, crash_scenario, MR_PLANT_KEYED_TIMER_LOST,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
}

static void state_that_lives_too_long_is_caught(void **state)
{
    (void)state;
    assert_caught(pauses, crash_scenario, MR_PLANT_KEYED_TTL_LOST, MR_CHECK_EXACTLY_ONCE,
        MR_VERDICT_WRONG);
    assert_caught(seen_within, crash_scenario, MR_PLANT_KEYED_TTL_LOST,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
}

static void state_that_is_forgotten_is_caught(void **state)
{
    (void)state;
    assert_caught(seen_once, crash_scenario, MR_PLANT_KEYED_SEEN_LOST,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_WRONG);
    assert_caught(view_of_last, crash_scenario, MR_PLANT_RESTORE_SKIPS_STATE,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
}

/* The rows of its input are counted too, wherever they are lost or come twice. */
static void a_row_that_never_reaches_the_state_is_caught(void **state)
{
    (void)state;
    assert_caught(seen_within, crash_scenario, MR_PLANT_DROP_WHILE_ALIGNING,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_LOSS);
    assert_caught(seen_within, crash_scenario, MR_PLANT_OFFSET_OF_LAST_RECORD,
        MR_CHECK_EXACTLY_ONCE, MR_VERDICT_DUPLICATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deduplicate_lets_each_key_through_once),
        cmocka_unit_test(a_top_n_has_the_best_rows_of_each_window),
        cmocka_unit_test(a_view_follows_its_events),
        cmocka_unit_test(rows_go_where_the_rules_say),
        cmocka_unit_test(rules_that_change_are_those_of_the_checkpoint),
        cmocka_unit_test(user_code_keeps_its_state_through_crashes),
        cmocka_unit_test(a_rewind_leaves_state_exact),
        cmocka_unit_test(a_timer_that_is_lost_or_late_is_caught),
        cmocka_unit_test(state_that_lives_too_long_is_caught),
        cmocka_unit_test(state_that_is_forgotten_is_caught),
        cmocka_unit_test(a_row_that_never_reaches_the_state_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
