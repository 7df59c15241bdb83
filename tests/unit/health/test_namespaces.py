"""Names, globs and regular expressions of namespaces, against what a backup holds."""

from __future__ import annotations

import pytest

from backup_reporter.health.namespaces import is_unusable, missing, not_covered

A_HUNDRED = [f"w.bx{{0,{number}}}" for number in range(100)]

FOUND = {
    "a name": ("web", "web"),
    "a glob": ("team-*", "team-a"),
    "a question mark": ("ns?", "ns1"),
    "any of some characters": ("*-[ab]", "x-a"),
    "the last of some characters": ("*-[ab]", "x-b"),
    "one character in brackets": ("*-[a]", "x-a"),
    "a capital letter in brackets": ("*-[Xa]", "x-X"),
    "a range": ("*-[a-c]", "x-b"),
    "none of some characters": ("*-[!a]", "x-b"),
    "none of some characters, as a regular expression writes it": ("*-[^a]", "x-b"),
    "a mark that stands for itself behind another": ("*-[!a]", "x-!"),
    "what comes after brackets": ("*-[a]b", "x-ab"),
    "a bracket that is not closed": ("web[*", "web[1"),
    "brackets without a character": ("a[]*", "a[]b"),
    "one of several words": ("*-{dev,prod}", "x-prod"),
    "one of several words within others": ("*-{a,{b,c}d}", "x-cd"),
    "a regular expression": ("team-(a|b)+", "team-abba"),
    "a regular expression between slashes": ("/team-(a|b)/", "team-b"),
    "a short regular expression between slashes": ("/w/", "w"),
    "a regular expression that is no glob": (r"we\}?b", "web"),
    "a pattern of 300 characters": ("a" * 299 + "?", "a" * 299 + "b"),
}
MISSING = {
    "another name": ("web", "shop"),
    "a character too many": ("ns?", "ns10"),
    "a character that is excluded": ("*-[!a]", "x-a"),
    "a character that is excluded in the other way": ("*-[^a]", "x-a"),
    "a word that is not among them": ("*-{dev,prod}", "x-test"),
    "a part of a list without braces": ("team-?,x", "team-a"),
    "a part of a list behind braces": ("{a,b}-?,c", "c"),
    "a name that the pattern only begins with": ("team-.", "team-ab"),
    "a name that the pattern only ends with": (".-team", "ab-team"),
    "a glob with a line break, without which it fits": ("we\nb*", "web1"),
    "a pattern that ends with a slash": ("xweb.*/", "webs"),
    "a pattern that begins with a slash": ("/web.*x", "webs"),
    "a pattern of more than 300 characters": ("a" * 300 + "?", "a" * 300 + "b"),
    "a pattern that cannot be read": ("(web", "(web2"),
}


@pytest.mark.parametrize(("pattern", "name"), FOUND.values(), ids=FOUND.keys())
def test_a_backed_up_namespace_answers_to(pattern: str, name: str) -> None:
    assert missing([pattern], ["other", name, "another"]) == ()
    assert not_covered([name], ["other", pattern]) == ()


@pytest.mark.parametrize(("pattern", "name"), MISSING.values(), ids=MISSING.keys())
def test_no_backed_up_namespace_answers_to(pattern: str, name: str) -> None:
    assert missing([pattern], [name]) == (pattern,)
    assert not_covered([name], [pattern]) == (name,)


def test_what_is_missing_is_named_once_and_in_the_order_of_the_policy() -> None:
    assert missing(["shop", "x*", "shop", "web", "db"], ["web"]) == ("shop", "x*", "db")


def test_a_star_is_every_namespace_on_either_side_however_many_patterns_there_are() -> None:
    assert missing(["web", "shop"], ["*"]) == ()
    assert missing([*A_HUNDRED, "*"], ["web"]) == ()
    assert not_covered(["web", "shop"], ["db", "*"]) == ()
    assert not_covered(["shop"], [*A_HUNDRED, "*"]) == ()


def test_a_hundred_patterns_are_checked_and_no_more() -> None:
    assert missing([*A_HUNDRED[1:], "sho?"], ["web", "shop"]) == ()
    assert missing([*A_HUNDRED, "sho?"], ["web", "shop"]) == ("sho?",)
    assert not_covered(["shop"], [*A_HUNDRED[1:], "sho?"]) == ()
    assert not_covered(["shop"], [*A_HUNDRED, "sho?"]) == ("shop",)


@pytest.mark.parametrize("pattern", [".*", "te*", "/.*/", "//", "a?"])
def test_a_backup_that_holds_no_namespace_holds_none_that_a_pattern_could_mean(pattern: str) -> None:
    assert missing([pattern], []) == (pattern,)


def test_a_name_with_a_line_break_is_not_two_names() -> None:
    assert missing(["sho?"], ["web\nshop"]) == ("sho?",)


def test_nothing_between_two_slashes_is_no_pattern() -> None:
    assert not_covered([""], ["//"]) == ("",)


def test_a_pattern_does_not_reach_over_two_names() -> None:
    assert missing([r"(web|shop)\s(web|shop)"], ["web", "shop"]) == (r"(web|shop)\s(web|shop)",)


@pytest.mark.parametrize("name", ["web", "*-a", "team-[ab]", "(web|shop)", r"we\}?b", "*" + "a" * 299, "a" * 301])
def test_a_name_that_can_be_checked_is_usable(name: str) -> None:
    assert not is_unusable(name)


@pytest.mark.parametrize("name", ["(web", "web)", "a" * 300 + "?"])
def test_a_pattern_that_cannot_be_checked_is_unusable(name: str) -> None:
    assert is_unusable(name)


def test_a_pattern_that_cannot_be_read_writes_nothing_to_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    assert missing(["(never seen before"], ["web"])

    assert capfd.readouterr() == ("", "")
