"""A cohort's members end as their single runs do: the same weights and terms, to the rounding of float64."""

import functools
import json
from dataclasses import fields, replace

import pytest
import torch
from torch import nn

from metaprior.core import Adam, Group, Linear, MetapriorError, Method, Player, Replacement, Term
from metaprior.methods import (
    RECIPES,
    AnnealedVAERecipe,
    BetaVAERecipe,
    FactorVAE,
    FactorVAERecipe,
    HSICVAERecipe,
    InfoVAERecipe,
    PairVAERecipe,
    S2BetaVAERecipe,
    SupervisionRecipe,
    VAERecipe,
)
from metaprior.nets import mlp
from metaprior.nets.autoencoder import small_nets
from metaprior.training import Callback, Loop, Member, Run, fit, fit_cohort, load_tensors
from metaprior.training.checkpoint import checkpoints
from tests.conftest import Columns, random, spec_of_squares, squares

DATA = spec_of_squares()
SOURCES = {"train": squares(), "labelled": squares(10, seed=1)}
SEEDS = (3, 14, 15)
LOOP = Loop(steps=20, precision="float64", log_every=1)


def build(recipe, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        method = recipe.build(DATA)
        if recipe.nets == "auto":
            method.nets = small_nets((1, 16, 16), latent_dim=4, width=4)
        if isinstance(method, FactorVAE):
            method.critic = mlp(4, [16], 2, leak=0.2)  # the study's has 5 million weights
        return method


VARIED = {
    "cvae": (),
    "dc-ign": ("invariance",),
    "iwae": (),
    "joint-vae": ("gamma",),
    "m2": ("alpha",),
    "m1-m2": ("alpha",),
    "vib": ("beta",),
    "vfae": ("strength",),
    "information-dropout": ("beta", "gamma"),
    "hfvae": ("between", "within"),
    "rotation": (),
    "sup-rotation": (),
}
"""Methods beside those below, and the weights in which their members differ."""


def recipes(kind, **options):
    small = {"latent_dim": 4, "batch": 8}
    rates = (1e-3, 3e-3, 2e-4)
    if kind == "beta-vae":
        return [BetaVAERecipe(beta=b, lr=r, **small, **options) for b, r in zip((1.0, 4.0, 16.0), rates, strict=True)]
    if kind == "factor-vae":
        gammas = (1.0, 10.0, 100.0)
        return [FactorVAERecipe(gamma=g, lr=r, critic_lr=r, **small) for g, r in zip(gammas, rates, strict=True)]
    pairs = ((1.0, 2.0), (4.0, 8.0), (16.0, 0.5))
    if kind in VARIED:
        few = replace(RECIPES[kind].recipe, nets="mlp", hidden=16, **small)
        return [replace(few, lr=r, **dict(zip(VARIED[kind], pair))) for pair, r in zip(pairs, rates, strict=True)]  # noqa: B905
    if kind == "info-vae":
        return [
            InfoVAERecipe(alpha=1 / a, strength=2 * s, lr=r, **small) for (a, s), r in zip(pairs, rates, strict=True)
        ]
    if kind == "hsic-vae":
        return [HSICVAERecipe(strength=s, lr=r, **small) for (s, _), r in zip(pairs, rates, strict=True)]
    return [
        S2BetaVAERecipe(beta=b, lr=r, supervision=SupervisionRecipe(gamma_sup=g, labelled_batch=6), **small)
        for (b, g), r in zip(pairs, rates, strict=True)
    ]


def run_in(folder):
    run = Run(folder)
    run.write_config({"recipe": "test"})
    return run


class Terms(Callback):
    """Keeps the terms of every line of metrics."""

    def begin(self, method, loop, run, step):
        self.lines = []

    def logged(self, record):
        self.lines.append(record["terms"])


@functools.cache
def alone(recipe, seed, loop=LOOP):
    """A single run: its method, the terms it logged, and what was said if it diverged."""
    return alone_on(SOURCES, recipe, seed, loop)


def alone_on(sources, recipe, seed, loop=LOOP):
    method, terms, said = build(recipe, seed), Terms(), ""
    try:
        fit(method, sources, replace(loop, seed=seed), callbacks=[terms])
    except MetapriorError as fault:
        said = str(fault)
    return method, terms.lines, said


def lines_of(run):
    return [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]


def terms_of(run):
    return [line["terms"] for line in lines_of(run)]


def together(recipes, folder, loop=LOOP, seeds=SEEDS, **options):
    """A cohort: its members and its result."""
    members = [
        Member(build(recipe, seed), seed, run_in(folder / f"member-{seed}"))
        for recipe, seed in zip(recipes, seeds, strict=True)
    ]
    return members, fit_cohort(members, SOURCES, loop, **options)


def assert_same(member, single):
    method, terms, _ = single
    expected = dict(method.named_parameters())
    for name, parameter in member.method.named_parameters():
        torch.testing.assert_close(parameter, expected[name], atol=1e-10, rtol=0, msg=name)
    assert_same_terms(terms_of(member.run), terms)


def assert_same_terms(lines, others):
    assert len(lines) == len(others)
    for line, other in zip(lines, others, strict=True):
        assert line == pytest.approx(other, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("kind", ["beta-vae", "s2-beta-vae", "factor-vae", "info-vae", "hsic-vae", *VARIED])
@pytest.mark.parametrize("clip", [None, 5.0])
def test_members_equal_their_single_runs(kind, clip, tmp_path):
    loop = replace(LOOP, clip=clip)
    chosen = recipes(kind)
    members, result = together(chosen, tmp_path, loop)
    assert result.steps == loop.steps
    assert not result.diverged
    for recipe, seed, member in zip(chosen, SEEDS, members, strict=True):
        assert_same(member, alone(recipe, seed, loop))


def tiny(name, choices):
    """Three recipes of a row of the table, of small nets, that differ in learning rate and in every weight."""
    recipe = replace(RECIPES[name].recipe, **choices)
    small = {"nets": "mlp", "hidden": 8, "batch": 8, "critic_width": 8}
    choices = {field.name for field in fields(recipe)}
    recipe = replace(recipe, **{choice: value for choice, value in small.items() if choice in choices})
    hyper = recipe.build(DATA).hyper
    fixed = {"alpha", "gamma"} if getattr(recipe, "estimator", "") == "study" else set()  # it has neither
    weights = {choice for choice in (choices - fixed) & set(hyper) if isinstance(hyper[choice], float)}
    return [
        replace(recipe, lr=1e-3 * scale, **{weight: getattr(recipe, weight) * scale for weight in weights})
        for scale in (1.0, 0.5, 0.25)
    ]


EVERY = [(name, {}) for name, row in RECIPES.items() if not isinstance(row.recipe, PairVAERecipe)]
CHOICES = [
    ("vfae", {"target": "column"}),
    ("information-dropout", {"code": "relu"}),
    ("information-dropout", {"code": "relu", "target": "input"}),
    ("information-dropout", {"gamma": 4.0, "target": "input"}),
]
"""Those of which another code runs than of the defaults."""


def partly_labelled():
    """Squares, of which a third lack their column."""
    source = squares()
    source.columns["factors"][::3, 1] = -1
    return source


@pytest.mark.parametrize(("name", "choices"), [*EVERY, *CHOICES], ids=str)
def test_every_method_that_opts_in_has_members_that_equal_their_single_runs(name, choices, tmp_path):
    def build():
        torch.manual_seed(0)
        return [recipe.build(DATA) for recipe in tiny(name, choices)]

    singles, methods, loop = build(), build(), replace(LOOP, steps=5)
    if not methods[0].cohort:
        pytest.skip(f"{type(methods[0]).__name__} does not opt in")
    members = [Member(m, seed, run_in(tmp_path / str(seed))) for m, seed in zip(methods, SEEDS, strict=True)]
    sources = SOURCES | {"train": partly_labelled()} if choices else SOURCES
    fit_cohort(members, sources, loop)
    for single, member, seed in zip(singles, members, SEEDS, strict=True):
        terms = Terms()
        fit(single, sources, replace(loop, seed=seed), callbacks=[terms])
        assert_same(member, (single, terms.lines, ""))


def test_clipping_is_each_members_own(tmp_path):
    members, _ = together(recipes("beta-vae"), tmp_path, replace(LOOP, clip=5.0))
    norms = torch.tensor([[line["vae/gradient_norm"] for line in terms_of(member.run)] for member in members])
    assert (norms > 5).any()  # or the test above would not have clipped
    assert (norms.std(dim=0) > 0).all()


def test_schedules_are_each_members_own(tmp_path):
    warm, plain, decaying = recipes("beta-vae")
    chosen = [
        replace(warm, beta=Linear(0.0, 8.0, steps=10)),
        plain,
        replace(decaying, lr=Linear(1e-2, 0.0, steps=20)),
    ]
    members, _ = together(chosen, tmp_path)
    for recipe, seed, member in zip(chosen, SEEDS, members, strict=True):
        assert_same(member, alone(recipe, seed))


def test_capacities_are_each_members_own(tmp_path):
    chosen = [AnnealedVAERecipe(c_max=c, ramp=10, latent_dim=4, batch=8, lr=1e-3) for c in (5.0, 25.0, 100.0)]
    members, _ = together(chosen, tmp_path)
    for recipe, seed, member in zip(chosen, SEEDS, members, strict=True):
        assert_same(member, alone(recipe, seed))


def test_members_may_have_labels_of_their_own(tmp_path):
    chosen = recipes("s2-beta-vae")[:2]
    labelled = squares(7, seed=9)
    methods = [build(recipe, 3) for recipe in chosen]
    runs = [run_in(tmp_path / str(i)) for i in range(2)]
    members = [Member(methods[0], 3, runs[0]), Member(methods[1], 3, runs[1], {"labelled": labelled})]
    fit_cohort(members, SOURCES, LOOP)
    assert_same(members[0], alone(chosen[0], 3))
    assert_same(members[1], alone_on(SOURCES | {"labelled": labelled}, chosen[1], 3))


def test_a_diverged_member_stops_and_is_named_while_the_others_go_on(tmp_path, capsys):
    first, wild, last = recipes("beta-vae")
    chosen = [first, replace(wild, lr=1e4), last]
    members, result = together(chosen, tmp_path)
    assert list(result.diverged) == [1]
    _, terms, said = alone(chosen[1], SEEDS[1])  # the training diverged at step 2: vae/kl = inf...; this training...
    assert result.diverged[1].startswith(said.split(";")[0].replace("the training", f"member-{SEEDS[1]}"))
    assert result.diverged[1] in capsys.readouterr().err
    assert_same_terms(terms_of(members[1].run), terms)
    assert not members[1].run.finished
    for i in (0, 2):
        assert_same(members[i], alone(chosen[i], SEEDS[i]))


def test_a_diverged_member_is_not_updated():
    class Watch(Callback):
        def stepped(self, method, step):
            seen.append([parameter.detach().clone() for parameter in wild.parameters()])

    seen = []
    calm, wild = build(VAERecipe(latent_dim=4, batch=8), 0), build(VAERecipe(latent_dim=4, batch=8, lr=1e4), 1)
    result = fit_cohort([Member(calm, 0, callbacks=[Watch()]), Member(wild, 1)], SOURCES, LOOP)
    step = int(result.diverged[1].split("step ")[1].split(":")[0])
    assert 1 < step < 19
    for before, after in zip(seen[step - 1], seen[-1], strict=True):
        assert torch.equal(before.nan_to_num(), after.nan_to_num())


def test_each_member_leaves_the_folder_of_a_run(tmp_path):
    members, _ = together(recipes("beta-vae"), tmp_path)
    for member in members:
        fresh = build(recipes("beta-vae")[0], 99).to(torch.float64)
        load_tensors(fresh, member.run.read_weights())
        images = SOURCES["train"].columns["images"].double()
        assert torch.equal(fresh.eval().encode(images), member.method.encode(images))
        weight = member.method.nets.encoder.mean.weight
        assert weight.untyped_storage().nbytes() == weight.nbytes  # its own memory, not a part of the stack


def test_examples_per_second_are_those_of_a_member_s_own_seconds(tmp_path):
    members, result = together(recipes("beta-vae"), tmp_path, replace(LOOP, log_every=20))
    for member in members:
        (line,) = lines_of(member.run)
        assert line["examples_per_second"] == pytest.approx(20 * 8 / line["seconds"], rel=0.1)
        assert 3 * line["seconds"] == pytest.approx(result.seconds, abs=2e-3)


def test_a_callback_s_values_are_a_line_of_its_own_member_alone(tmp_path):
    class Third(Callback):
        def stepped(self, method, step):
            return {"third": 1.0} if step == 3 else None

    runs = [run_in(tmp_path / str(seed)) for seed in SEEDS[:2]]
    first, second = [Member(build(VAERecipe(latent_dim=4, batch=8), 0), 0, run) for run in runs]
    fit_cohort([replace(first, callbacks=[Third()]), second], SOURCES, replace(LOOP, steps=4, log_every=4))
    assert [[line["step"] for line in lines_of(run)] for run in runs] == [[3, 4], [4]]


def test_a_member_whose_last_update_is_not_finite_has_diverged(tmp_path, capsys):
    first, wild, last = recipes("beta-vae")
    members, result = together([first, replace(wild, lr=1e308), last], tmp_path, replace(LOOP, steps=1))
    said = f"member-{SEEDS[1]}: the weights were no longer finite at step 1"
    assert result.diverged == {1: said}
    assert members[1].run.diverged == said
    assert said in capsys.readouterr().err
    assert [member.run.finished for member in members] == [True, False, True]
    assert [len(checkpoints(member.run.folder / "checkpoint")) for member in members] == [1, 0, 1]


def test_whether_torch_is_deterministic_is_as_it_was_before():
    for before in (True, False):
        torch.use_deterministic_algorithms(before)
        for deterministic in (True, False):
            loop = replace(LOOP, steps=1, deterministic=deterministic)
            fit_cohort([Member(build(VAERecipe(latent_dim=4, batch=8), 0), 0)], SOURCES, loop)
            assert torch.are_deterministic_algorithms_enabled() == before


class Regression(Method):
    """Least squares by a net, for what a cohort refuses."""

    cohort = True

    def __init__(self, *layers):
        super().__init__()
        self.net = nn.Sequential(*layers, nn.Linear(2, 3))

    def players(self):
        return (Player("net", ("net",), Adam(lr=1e-2, weight_decay=0.1), (Group("*.bias", weight_decay=0.0),)),)

    def streams(self):
        return {"train": Replacement(4)}

    def forward(self, player, batches, step):
        return {"squares": Term(self.net(batches["train"]["points"]).square().mean())}


def test_batch_statistics_and_parameter_groups_are_each_members_own():
    points = {"train": Columns(points=random(0, 32, 2).double())}
    cohort, single = [[Regression(nn.BatchNorm1d(2)) for _ in SEEDS] for _ in range(2)]
    for one, other, seed in zip(cohort, single, SEEDS, strict=True):
        one.load_state_dict(other.state_dict())
        fit(other, points, replace(LOOP, seed=seed))
    fit_cohort([Member(method, seed) for method, seed in zip(cohort, SEEDS, strict=True)], points, LOOP)
    for one, other in zip(cohort, single, strict=True):
        for name, value in other.state_dict().items():
            torch.testing.assert_close(one.state_dict()[name], value, atol=1e-10, rtol=0, msg=name)


def test_frozen_modules_of_a_member_are_those_of_its_single_run():
    class Frozen(Regression):
        frozen = ("net.0",)

        def players(self):
            return (Player("net", ("net.1",), Adam(lr=1e-2)),)

    points = {"train": Columns(points=random(0, 32, 2).double())}
    torch.manual_seed(0)
    single, member = [Frozen(nn.BatchNorm1d(2)) for _ in range(2)]
    member.load_state_dict(single.state_dict())
    fit(single, points, replace(LOOP, seed=3))
    fit_cohort([Member(member, 3)], points, LOOP)
    for name, value in single.state_dict().items():
        torch.testing.assert_close(member.state_dict()[name], value, atol=1e-10, rtol=0, msg=name)


def refused(match, *methods, loop=LOOP):
    with pytest.raises(MetapriorError, match=match):
        fit_cohort([Member(m, i) for i, m in enumerate(methods)], {"train": Columns(points=random(0, 8, 2))}, loop)


def test_a_method_that_does_not_opt_in_is_refused():
    class Shy(Regression):
        cohort = False

    refused("Shy does not opt in", Shy(), Shy())


def test_what_a_cohort_cannot_do_is_refused():
    class Busy(Regression):
        def after(self, player, step):
            pass

    class Averaged(Regression):
        def players(self):
            return (replace(super().players()[0], ema=0.9),)

    class Remembering(Regression):
        def forward(self, player, batches, step):
            step.state["last"] = batches["train"]["points"]
            return super().forward(player, batches, step)

    refused("Busy acts after its updates", Busy())
    refused("Averaged averages its weights", Averaged())
    refused("Remembering carries state", Remembering())
    refused("dropout", Regression(nn.Dropout()), Regression(nn.Dropout()))
    refused("differs from the first in its nets", Regression(nn.ReLU()), Regression(nn.Tanh()))
    refused("accumulate", Regression(), loop=replace(LOOP, accumulate=2))
    refused("at least one member")
    method = Regression()
    refused("one and the same method", method, method)
