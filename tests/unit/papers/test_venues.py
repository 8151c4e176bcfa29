"""papers/venues.py: what the venues of OpenReview are called, and what their papers are cited as."""

import pytest

from newsletter.papers.venues import is_meeting, show_venue


@pytest.mark.parametrize(
    ("venue", "name", "is_one"),
    [
        ("TMLR", "TMLR", False),
        ("ICLR.cc/2026/Conference", "ICLR 2026", True),
        ("NeurIPS.cc/2025/Datasets_and_Benchmarks_Track", "NeurIPS 2025 Datasets and Benchmarks Track", True),
        ("ICML.cc/2026/Workshop/FM4LS", "ICML 2026 Workshop FM4LS", True),
        ("robot-learning.org/CoRL/2025/Conference", "CoRL 2025", True),
        ("aclweb.org/ACL/ARR/2026/January", "ACL ARR 2026 January", True),
        ("DMLR", "DMLR", False),
        ("Conference", "Conference", True),
    ],
)
def test_a_venue_is_called_as_people_call_it(venue: str, name: str, is_one: bool) -> None:
    assert (show_venue(venue), is_meeting(venue)) == (name, is_one)
