"""The review's tables: every recipe they claim trains, and the documentation shows what they hold."""

from pathlib import Path

from metaprior.methods import RECIPES, find_recipe
from metaprior.papers.ae_review import META_PRIORS, NEIGHBOURS, REVIEW, meta_priors_of, to_come, works_of
from metaprior.papers.ae_review.tables import markdown
from tests.methods import test_every_method

WORKS = (*REVIEW, *NEIGHBOURS)


def test_a_work_that_is_here_trains():
    """Its recipes are in the table, every one of which is trained by a test of its own."""
    (mark,) = test_every_method.test_it_learns_and_is_loaded_again.pytestmark
    assert {name for work in WORKS for name in work.recipes} <= set(mark.args[1])


def test_every_recipe_of_the_review_is_in_one_row():
    named = [name for work in WORKS for name in work.recipes]
    assert len(named) == len(set(named))
    few_labels = {name for name in RECIPES if name.startswith("s2-")} | {"supervised"}
    weak = {"ada-gvae", "ada-ml-vae", "group-vae", "ml-vae"}
    assert set(RECIPES) - few_labels - weak == set(named)


def test_the_meta_priors_are_those_of_the_review():
    assert list(META_PRIORS) == ["disentanglement", "hierarchy", "semi-supervised", "clustering"]
    assert len(works_of("disentanglement")) == 12
    assert {work.name for work in works_of("clustering")} == {"PixelGAN-AE", "AAE", "JointVAE", "Structured VAE"}
    assert meta_priors_of("factor-vae") == ("disentanglement",)


def test_part_two_is_still_to_come():
    """The hierarchical, autoregressive, discrete and graphical ones."""
    assert {work.name for work in to_come() if work in REVIEW} >= {"LadderVAE", "PixelVAE", "VQ-VAE", "Structured VAE"}
    assert not any(work.recipes for work in to_come())
    for work in WORKS:
        for name in work.recipes:
            assert find_recipe(name)


def test_the_documentation_shows_the_tables():
    page = (Path(__file__).parents[2] / "docs" / "autoencoders.md").read_text()
    assert markdown() in page, "write what metaprior.papers.ae_review.tables.markdown() gives into docs/autoencoders.md"
