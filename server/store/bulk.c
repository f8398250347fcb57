#include "store/bulk.h"

#include "store/query.h"

struct bulk {
	struct store_tx *tx;
	store_write_fn write;
	store_poison_fn on_poison;
	void *arg;
	size_t poison_left;
};

/* *is_poisoned: the rows' values were refused, and everything is as before. */
static struct status attempt(struct bulk *b, size_t from, size_t count, struct status *refusal, bool *is_poisoned)
{
	struct status st;

	*is_poisoned = false;
	TRY(store_script(b->tx, "SAVEPOINT bulk"));
	st = b->write(b->tx, from, count, b->arg);
	if (status_ok(st))
		return store_script(b->tx, "RELEASE SAVEPOINT bulk");
	if (!store_tx_data_failed(b->tx))
		return st;
	*is_poisoned = true;
	*refusal = st;
	return store_script(b->tx, "ROLLBACK TO SAVEPOINT bulk; RELEASE SAVEPOINT bulk");
}

/* The depth is the number of halvings: at most 64. */
static struct status write_part(struct bulk *b, size_t from, size_t count)
{
	struct status refusal = STATUS_OK_VALUE;
	bool is_poisoned;

	TRY(attempt(b, from, count, &refusal, &is_poisoned));
	if (!is_poisoned)
		return STATUS_OK_VALUE;
	if (count > 1) {
		TRY(write_part(b, from, count / 2));
		return write_part(b, from + count / 2, count - count / 2);
	}
	if (b->poison_left == 0)
		return refusal;
	b->poison_left--;
	return b->on_poison(b->tx, from, refusal, b->arg);
}

struct status store_bulk_write(struct store_tx *tx, size_t count, size_t poison_max, store_write_fn write,
			       store_poison_fn on_poison, void *arg)
{
	struct bulk b = { .tx = tx, .write = write, .on_poison = on_poison, .arg = arg, .poison_left = poison_max };

	return count > 0 ? write_part(&b, 0, count) : STATUS_OK_VALUE;
}
