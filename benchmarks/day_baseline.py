"""The least a morning could be, to compare with: read the feeds, rank the papers by plain BM25, print the best 30.

No history, comment, mail, memory or templates. Started by bench_day.py with the settings of `newsletter run`.
"""

import sys
from pathlib import Path

import numpy as np

from newsletter.papers.announcements import merge_feeds
from newsletter.scoring.evaluation.baselines import rank_by_bm25
from newsletter.settings import load_settings
from newsletter.sources.feed import parse_feed
from newsletter.subscribers.subscribers_yaml import parse_file


def main(feeds: Path) -> None:
    subscribers = parse_file(load_settings().subscribers.read_bytes(), source="subscribers.yaml").subscribers
    files = sorted(feeds.iterdir())
    papers = [shown.paper for shown in merge_feeds(parse_feed(file.read_bytes(), file.stem) for file in files)]
    for subscriber in subscribers:
        best = np.argsort(-rank_by_bm25(subscriber.profile, papers, ()))[:30]
        sys.stdout.write("".join(f"{papers[place].arxiv_id} {papers[place].title}\n" for place in best))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
