"""What a run reports has to be what the ledger says."""

from datetime import timedelta

from newsletter.run.record import read_rows
from tests import make
from tests.fakes import MemoryStore


def test_rows_of_deliveries_are_found_by_their_ids() -> None:
    store = MemoryStore()
    store.start_run("r1")
    for on in (make.TUESDAY, make.TUESDAY - timedelta(days=1)):
        make.handed_over(store, "s_one", on, run_id="r1")
    found = read_rows(store, [f"s_one/{make.TUESDAY}", f"s_two/{make.TUESDAY}"])
    assert list(found) == [f"s_one/{make.TUESDAY}"]
