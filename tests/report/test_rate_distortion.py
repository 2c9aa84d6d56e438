"""The section on rate and distortion: of one run, of a sweep, of runs that do not compare."""

import copy
import math
import re
from pathlib import Path

import pytest

from metaprior.report import RunView, write_report
from metaprior.report.page import render
from metaprior.report.plot import Plot
from metaprior.report.rate_bars import active, codes, decomposition
from metaprior.report.rate_distortion import section
from metaprior.report.rate_plots import plane, useful
from metaprior.report.rate_runs import judged
from tests.report.browser import PROGRAM, Browser
from tests.report.views import CONFIG, view

BETAS = (0.1, 1.0, 4.0)


def entry(value: float | None, **more: object) -> dict:
    return {"value": value, "n": 360, "seed": 0, "protocol": "rd"} | more


def scores(rate: float, distortion: float, worth: float, units: int = 2) -> dict:
    """Scores as the protocol keeps them; a twentieth of the rate is total correlation, and as much of the prior."""
    ceiling = math.log(360)
    return {
        "rd": {
            "protocol": "rd",
            "model": "linear",
            "data": "digits",
            "scores": {
                "distortion": entry(distortion),
                "rate": entry(rate),
                "negative_elbo": entry(rate + distortion),
                "nll_iwae": entry(rate + distortion - 0.5),
                "entropy_bound": entry(rate + distortion - 0.5),
                "mutual_information_lower": entry(
                    min(0.9 * rate, ceiling), ceiling=ceiling, near_ceiling=0.9 * rate > 0.9 * ceiling
                ),
                "mutual_information_upper": entry(rate),
                "total_correlation": entry(0.05 * rate),
                "dimension_wise_kl": entry(0.05 * rate),
                "active_units": entry(float(units), codes=3),
                "label_distortion": entry(worth, label_entropy=math.log(10)),
                "label_distortion_sampled": entry(worth + 0.2, label_entropy=math.log(10)),
                "probe_accuracy": entry(1 - worth / 4),
            },
            "tables": {
                "kl_per_code": {
                    "values": [[0.01], [0.7 * rate], [0.3 * rate]],
                    "rows": ["code_0", "code_1", "code_2"],
                    "columns": ["kl"],
                    "unit": "nats",
                }
            },
        }
    }


KNOWN = [scores(10.0, 15.0, 0.4, 3), scores(4.0, 19.0, 0.7), scores(0.01, 26.0, 2.1, 0)]


def sweep() -> list[RunView]:
    configs = [CONFIG | {"recipe": "beta-vae", "method": {"beta": beta, "batch": 64}} for beta in BETAS]
    return [view(f"run-{i}", config=configs[i], scores=copy.deepcopy(KNOWN[i])) for i in range(3)]


def words(plot: Plot | None) -> list[str]:
    assert plot
    return [text.words for text in plot.texts]


def test_of_a_sweep_dots_and_bars_are_named_after_what_is_swept_and_joined_in_its_order() -> None:
    found, notes = judged(sweep())
    assert [each.name for each in found] == ["β 0.1", "β 1", "β 4"]
    assert notes == []
    plot = plane(found)
    assert plot is not None
    assert plot.path.startswith(f"M{plot.dots[0].x:.4g}")
    assert {"β 0.1", "β 1", "β 4", "H ≤ 22.50"} <= set(words(plot))


def test_a_nat_is_as_long_across_as_upwards_so_that_equal_elbos_lie_at_45_degrees() -> None:
    plot = plane(judged(sweep())[0])
    assert plot is not None
    falling = [line for line in plot.lines if line.kind]
    assert len(falling) == 4  # one a run, and the bound
    assert all(line.x2 - line.x1 == pytest.approx(line.y2 - line.y1, abs=0.3) for line in falling)
    assert [line.kind for line in falling].count("elbo best") == 1
    for dot, line in zip(plot.dots, falling, strict=False):
        assert dot.x - line.x1 == pytest.approx(dot.y - line.y1, abs=0.3)  # it goes through its run


def test_the_fuller_the_colour_the_more_useful_the_code() -> None:
    plot = plane(judged(sweep())[0], shaded=True)
    assert plot is not None
    assert [dot.share for dot in plot.dots] == pytest.approx([1, 1 - 0.3 / 1.7, 0])
    assert {"0.40", "0.70", "2.10"} <= set(words(plot))


def test_usefulness_is_shown_of_means_and_of_samples_with_the_line_that_samples_cannot_pass() -> None:
    plot = useful(judged(sweep())[0])
    assert plot is not None
    assert [dot.hollow for dot in plot.dots] == [False] * 3 + [True] * 3
    assert "H(Y) 2.30" in words(plot)
    assert [line.kind for line in plot.lines].count("bound") == 1


def test_bars_are_as_high_as_the_parts_and_the_ceiling_is_there() -> None:
    plot = decomposition(judged(sweep())[0])
    assert plot is not None
    first = [bar for bar in plot.bars if bar.told.startswith("β 0.1")]
    assert [bar.part for bar in first] == [0, 1, 2]
    assert first[1].height / first[0].height == pytest.approx(0.5 / math.log(360), rel=0.05)
    assert {"log N 5.89", "10.00"} <= set(words(plot))


def test_active_codes_over_what_is_swept() -> None:
    plot = active(judged(sweep())[0])
    assert plot is not None
    assert "β, logarithmic scale" in words(plot)
    assert plot.dots[1].x - plot.dots[0].x == pytest.approx((plot.dots[2].x - plot.dots[1].x) / math.log10(4), rel=0.01)


def test_the_sentence_says_which_is_best_by_either_and_that_they_differ_only_where_they_do() -> None:
    told = section(sweep())
    assert told is not None
    assert told.sentence == (
        "β 1 has the lowest negative ELBO, 23.00 nats; β 0.1 the lowest label distortion, 0.40 nats (90% right): "
        "the ELBO-best model is not the probe-best."
    )
    assert "β 0.1" in told.notes[0]  # which is near its ceiling
    both = section(sweep()[1:])
    assert both is not None
    assert "is not the probe-best" not in both.sentence
    assert len(told.plots) == 5


def test_one_run_shows_its_codes_from_the_dearest_on_and_what_its_rate_is_made_of() -> None:
    told = section(sweep()[1:2])
    assert told is not None
    assert [plot.title for plot in told.plots] == ["What each code costs", "What the rate is made of"]
    plot = codes(judged(sweep()[1:2])[0][0])
    assert [name for name in words(plot) if name.startswith("z")] == ["z1", "z2", "z0"]
    assert told.sentence.endswith("a negative ELBO of 23.00.")


def test_runs_on_other_data_are_left_out_and_other_likelihoods_are_told() -> None:
    first, second, third = sweep()
    third.scores["rd"] = third.scores["rd"] | {"data": "dsprites"}
    second.config["method"] = second.config["method"] | {"likelihood": "normal"}
    found, notes = judged([first, second, third])
    assert [each.run for each in found] == [0, 1]
    assert "left out" in notes[0]
    assert "do not compare" in notes[1]


def test_a_deterministic_code_says_why_it_has_no_rate() -> None:
    missing = {name: entry(None, reason="codes are deterministic") for name in ("rate", "negative_elbo")}
    alone = {"rd": {"data": "digits", "scores": {"distortion": entry(9.0), "mmd_to_prior": entry(0.5)} | missing}}
    told = section([view(scores=alone)])
    assert told is not None
    assert told.sentence == (
        "Codes leave 9.00 nats of an example open. Codes are deterministic. Their MMD to the prior is 0.50."
    )
    assert told.plots == []
    among = section([*sweep(), view("ae-0", scores=alone)])
    assert among is not None
    assert among.notes[-1] == "Without a rate, and so in no plot of it: S2-β-VAE."


def test_the_page_has_the_section_and_does_not_take_rates_for_headline_scores() -> None:
    text = render(sweep())
    assert text.count('<figure class="plot">') == 5
    assert 'class="card"' not in text
    assert "3 runs. β 1 has the lowest negative ELBO" in text
    one = render(sweep()[:1])
    assert one.count('<figure class="plot">') == 2
    assert "metaprior judge rd runs/run-0" in one
    assert "Rate and distortion" not in render([view()])
    assert re.search(r"lowest label distortion", one) is None


@pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out_and_no_label_covers_another(tmp_path: Path, width: int) -> None:
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(write_report(sweep(), tmp_path / "report.html"), width, "light")
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        covered = browser.evaluate(
            """[...document.querySelectorAll('.plot svg')].flatMap(svg => {
              const boxes = [...svg.querySelectorAll('text.label')].map(t => t.getBoundingClientRect());
              return boxes.flatMap((a, i) => boxes.slice(0, i).filter(b =>
                a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3));
            }).length"""
        )
        assert covered == 0
        assert browser.of("Runtime.exceptionThrown") == []
    finally:
        browser.close()


def test_a_model_without_a_likelihood_is_told_by_its_rate() -> None:
    told = scores(2.0, 20.0, 1.0)
    told["rd"]["scores"] |= {name: entry(None) for name in ("distortion", "negative_elbo", "nll_iwae", "entropy_bound")}
    found = section([view("vib", scores=told)])
    assert found is not None
    assert found.sentence == "Codes cost 2.00 nats an example; what they leave of it open, the model does not say."
    both = section([view("vib", scores=told), view("beta", scores=scores(1.0, 22.0, 2.0))])
    assert both is not None
    assert "label distortion" in both.sentence
    assert "ELBO" not in both.sentence  # of one alone


def test_the_elbo_best_and_the_probe_best_are_two_only_where_their_errors_tell_them_apart() -> None:
    runs = sweep()
    told = section(runs)
    assert told is not None
    assert "the ELBO-best model is not the probe-best" in told.sentence
    for run in runs:
        run.scores["rd"]["scores"]["label_distortion"]["se"] = 0.2  # .4 and .7 are nearer than twice that
    told = section(runs)
    assert told is not None
    assert "is not the probe-best" not in told.sentence
