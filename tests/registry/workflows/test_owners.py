"""CODEOWNERS: one line a model, a user's own lines untouched."""

from __future__ import annotations

import pytest

from gitrack.registry.workflows.owners import owned, with_block


def test_a_line_a_model_and_one_for_the_rules() -> None:
    found = owned({"fraud": ["@acme/risk"], "churn": ["@jane", "pia@example.com"]}, {}, "github")

    assert found.lines == [
        "/registry/churn/ @jane pia@example.com",
        "/registry/fraud/ @acme/risk",
        "/.github/ @jane pia@example.com @acme/risk",
    ]
    assert found.left_out == []


def test_a_model_of_nobody_has_no_line() -> None:
    assert owned({"churn": []}, {}, "github").lines == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("churn model", "/registry/churn\\ model/"),
        ("a.b_c-1", "/registry/a.b_c-1/"),
        ("größe", "/registry/größe/"),
    ],
)
def test_names_are_spelled_as_codeowners_wants(name: str, path: str) -> None:
    assert owned({name: ["@jane"]}, {}, "github").lines[0] == f"{path} @jane"


@pytest.mark.parametrize("name", ["a#b", "[a]", "!a", "a*", "x\n/ @eve", "a\\b"])
def test_names_that_codeowners_cannot_spell_are_left_out_and_told(name: str) -> None:
    found = owned({name: ["@jane"]}, {}, "github")

    assert found.lines == []
    (why,) = found.left_out
    assert "CODEOWNERS cannot spell" in why


@pytest.mark.parametrize("owner", ["jane", "@", "@a b", "@a\n* @eve", "x@y\n* @eve", "#", "@a//b"])
def test_owners_that_are_nobody_are_left_out_and_told(owner: str) -> None:
    found = owned({"churn": [owner, "@jane"]}, {}, "github")

    assert found.lines[0] == "/registry/churn/ @jane"
    assert len(found.left_out) == 1


def test_github_knows_groups_of_the_policy_by_their_people_and_gitlab_by_name() -> None:
    people = {"@product": ["pia@example.com", "@omar"], "@acme/risk": ["x@example.com"]}
    owners = {"churn": ["@product", "@acme/risk"]}

    assert owned(owners, people, "github").lines[0].endswith(" pia@example.com @omar @acme/risk")
    assert owned(owners, people, "gitlab").lines[0].endswith(" @product @acme/risk")


def test_a_users_lines_stay_and_the_block_is_written_anew_in_its_place() -> None:
    mine = "* @everybody"
    first = with_block(mine, ["/registry/churn/ @jane"], "github")
    after = first + "/docs/ @writers\n"
    second = with_block(after, ["/registry/churn/ @omar"], "github")

    assert first.startswith("* @everybody\n\n# gitrack: owners")
    assert second == after.replace("@jane", "@omar")
    assert with_block(second, ["/registry/churn/ @omar"], "github") == second
    assert with_block(second, [], "github") == "* @everybody\n\n/docs/ @writers\n"


def test_without_owners_there_is_no_file() -> None:
    assert with_block("", [], "github") == ""
    assert with_block(with_block("", ["/registry/a/ @b"], "gitlab"), [], "gitlab") == ""


def test_gitlab_gets_a_section_of_our_own() -> None:
    lines = with_block("[Docs]\n/docs/ @w\n", ["/registry/a/ @b"], "gitlab").splitlines()

    assert lines[lines.index("/registry/a/ @b") - 1] == "[Models]"
