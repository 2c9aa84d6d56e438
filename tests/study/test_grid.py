"""Grids: how many points, in which order, and what cannot be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaprior.core import MetapriorError
from metaprior.study.grid import chain, conditional, product, read_grid, values, zipped

sizes = st.integers(1, 4)


@given(sizes, sizes, sizes)
def test_a_product_has_every_combination_once_and_its_last_field_varies_fastest(a: int, b: int, c: int) -> None:
    grid = product(values("a", *range(a)), values("b", *range(b)), values("c", *range(c)))
    assert [(point["a"] * b + point["b"]) * c + point["c"] for point in grid] == list(range(a * b * c))


def test_products_are_associative_and_distribute_over_chains_from_the_right() -> None:
    a, b, c = values("a", 1, 2), values("b", 1, 2), values("c", 3)
    assert product(a, product(b, c)) == product(product(a, b), c)
    assert product(chain(a, b), c) == chain(product(a, c), product(b, c))


def test_conditional_fields_are_there_where_the_condition_holds_alone() -> None:
    grid = conditional(product(values("a", 1, 2), values("b", 5, 6)), {"a": 2, "b": 5}, values("c", 7, 8))
    assert [tuple(point.values()) for point in grid] == [(1, 5), (1, 6), (2, 5, 7), (2, 5, 8), (2, 6)]
    assert conditional(values("a", 1), {"other": 1}, values("c", 7)) == values("a", 1)


def test_a_grid_is_read_in_the_order_in_which_it_is_written() -> None:
    grid = read_grid(
        {
            "data": ["x", "y"],
            "chain": [{"recipe": "a", "beta": [1, 2]}, {"recipe": "b", "zip": {"gamma": [3, 4], "steps": [10, 20]}}],
            "also": [{"when": {"recipe": "a"}, "then": {"kind": ["i", "ii"]}}],
            "seed": "0..1",
        }
    )
    assert len(grid) == 2 * (2 * 2 + 2) * 2
    assert grid[0] == {"data": "x", "recipe": "a", "beta": 1, "kind": "i", "seed": 0}
    assert grid[1]["seed"] == 1
    assert grid[2]["kind"] == "ii"
    assert grid[11] == {"data": "x", "recipe": "b", "gamma": 4, "steps": 20, "seed": 1}
    assert grid[12]["data"] == "y"


def test_other_values_take_the_place_of_a_field_s_wherever_it_stands() -> None:
    plain = {"data": ["x", "y"], "product": [{"seed": "0..49"}, {"beta": [1.0, 2.0]}]}
    grid = read_grid(plain, instead={"seed": [7], "data": ["z"], "nowhere": [1]})
    assert grid == ({"data": "z", "seed": 7, "beta": 1.0}, {"data": "z", "seed": 7, "beta": 2.0})


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ([], "grid must be a mapping of fields"),
        ({}, "grid must be a mapping of fields"),
        ({"a": []}, "the field 'a' of a grid has no values"),
        ({"a": 1, "product": [{"a": 2}]}, "grid gives the field 'a' values in two places at once"),
        ({"product": [{"a": 1}, {"a": 2}]}, r"grid\.product gives the field 'a' values in two places at once"),
        (
            {"a": 1, "also": [{"when": {"a": 1}, "then": {"a": 2}}]},
            r"grid\.also\[0\] gives the field 'a' values in two",
        ),
        ({"a": "5..1"}, r"the range 5\.\.1 runs backwards; write 1\.\.5"),
        (
            {"zip": {"a": [1, 2], "b": [1]}},
            r"grid\.zip zips fields, which need equally many values; these have \[2, 1\]",
        ),
        ({"zip": [1]}, "grid.zip must be a mapping"),
        ({"chain": {"a": 1}}, "grid.chain must be a list"),
        ({"product": [{"a": 1}, "b"]}, r"grid.product\[1\] must be a mapping"),
        ({"also": [{"when": {}}]}, r"grid.also\[0\] must be \{when: point, then: grid\}"),
    ],
)
def test_what_is_no_grid_is_named_with_its_place(plain: object, said: str) -> None:
    with pytest.raises(MetapriorError, match=said):
        read_grid(plain)


def test_a_field_is_in_the_grid_or_common_to_all_of_it() -> None:
    for plain in ({"a": 2}, {"chain": [{"b": 1}, {"a": 2}]}, {"zip": {"a": [2], "b": [1]}}):
        with pytest.raises(MetapriorError, match=r"parts\.x gives the field 'a' values, and common gives it one"):
            read_grid(plain, "parts.x", common={"a": 1})
    assert read_grid({"b": 2}, common={"a": 1}) == ({"a": 1, "b": 2},)


def test_nothing_is_zipped_with_something_shorter() -> None:
    with pytest.raises(MetapriorError, match="equally many"):
        zipped(values("a", 1, 2), values("b", 1))
