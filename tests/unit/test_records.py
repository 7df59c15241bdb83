from rich.pretty import pretty_repr

from backup_reporter.records import Discreet


class Key(Discreet, frozen=True):
    text: str


def test_what_may_hold_a_secret_shows_only_its_kind() -> None:
    key = Key("s3cr3t")

    assert repr(key) == f"{key}" == "Key(…)"
    assert "s3cr3t" not in repr([key])
    assert "s3cr3t" not in pretty_repr(key)
