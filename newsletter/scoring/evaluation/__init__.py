"""Measures rankers and funnels on labelled announcement days. No part of a morning."""

from newsletter.scoring.evaluation.corpus import (
    CorpusDay,
    LabelledDay,
    infer_categories,
    label_days,
    load_days,
    load_labels,
)
from newsletter.scoring.evaluation.funnel import SETTLED_AFTER, STRONG_FROM, FunnelReport, NamedPolicy, Summary, replay
from newsletter.scoring.evaluation.markdown_profile import parse_profile
from newsletter.scoring.evaluation.newcomers import (
    Found,
    NewcomersReport,
    Totals,
    load_judged_days,
    measure_newcomers,
)
from newsletter.scoring.evaluation.ranking import SHARES, Interval, RankingReport, draw_likes, evaluate
from newsletter.scoring.ranking.learned import FindVectors

__all__ = [
    "SETTLED_AFTER",
    "SHARES",
    "STRONG_FROM",
    "CorpusDay",
    "FindVectors",
    "Found",
    "FunnelReport",
    "Interval",
    "LabelledDay",
    "NamedPolicy",
    "NewcomersReport",
    "RankingReport",
    "Summary",
    "Totals",
    "draw_likes",
    "evaluate",
    "infer_categories",
    "label_days",
    "load_days",
    "load_judged_days",
    "load_labels",
    "measure_newcomers",
    "parse_profile",
    "replay",
]
