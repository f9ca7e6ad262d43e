/* Deduplicate: the first row of each key goes on. Its state is one byte that says that it was
 * there. */
#include "engine/operators/keyed.h"

static void deduplicate_row(struct mr_keyed_operator *keyed, struct mr_cells_entry *entry,
    const struct mr_keyed_row *row)
{
    if (mr_keyed_read(keyed, entry, 0).bytes) return;
    mr_keyed_write(keyed, entry, 0, "1", 1, row->at_us);
    mr_keyed_make(keyed, entry, MR_OUTPUT_MAIN, row->at_us, row->values);
}

static const struct mr_keyed_logic logic = {.row = deduplicate_row};

static void open_deduplicate(struct mr_operator *operator)
{
    mr_keyed_open(operator, & logic);
}

MR_KEYED_CLASS(mr_deduplicate_class, "Deduplicate", struct mr_keyed_operator, open_deduplicate,
    mr_keyed_batch);
