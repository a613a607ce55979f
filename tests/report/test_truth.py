"""The truth card: two charts with every model's number, nothing where there is no truth."""

import re
from dataclasses import replace
from pathlib import Path

from causalrec.report.truth import TruthLine, read_truth, short_fits_note, truth_charts, write_truth
from tests.registry.shop import DS, settings_in

LINES = (
    TruthLine("raw", 0.7, 0.6, (0.68, 0.72), (0.58, 0.62)),
    TruthLine("champion <b>", 0.812, 0.75, (0.78, 0.82), (0.73, 0.77), own=True),
    TruthLine("ideal", 1.0, 1.0, (1.0, 1.0), (1.0, 1.0)),
)  # as older code kept them: of two questions
ANYWAY = tuple(replace(line, logged=0.5, logged_interval=(0.4, 0.6)) for line in LINES)


def test_each_question_has_its_numbers() -> None:
    response, content = truth_charts(LINES).values()
    words = [re.findall(r"<text[^>]*>([^<]*)</text>", chart) for chart in (response, content)]
    assert {"raw", "champion &lt;b&gt;", "ideal", "0.700", "0.812", "1.000"} <= set(words[0])
    assert {"0.600", "0.750", "1.000"} <= set(words[1])
    assert "0.812" not in words[1]
    assert all("NDCG@20 against the truth" in texts for texts in words)


def test_what_is_chosen_anyway_is_a_third_chart() -> None:
    charts = truth_charts(ANYWAY)
    assert [*charts][2] == "What will be chosen anyway (shown and chosen)"
    assert [*charts.values()][2].count("0.500") == 3


def test_own_versions_stand_out() -> None:
    (response, _) = truth_charts(LINES).values()
    assert response.count("fill: var(--accent)") == 1


def test_short_fits_come_with_what_they_compare_with() -> None:
    short = TruthLine("ours, 50 sweeps", 0.75, 0.7, (0.74, 0.76), (0.69, 0.71))
    assert short_fits_note(LINES) == ""
    assert "Compare them only with “ours, 50 sweeps”" in short_fits_note((*LINES, short))


def test_no_truth_no_card() -> None:
    assert truth_charts(()) == {}


def test_lines_are_kept_beside_the_page(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert read_truth(settings, DS) == ()
    write_truth(settings, DS, LINES)
    assert read_truth(settings, DS) == LINES
    write_truth(settings, DS, ANYWAY)
    assert read_truth(settings, DS) == ANYWAY
    write_truth(settings, DS, ())
    assert read_truth(settings, DS) == ()
