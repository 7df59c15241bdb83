"""Reading and renewing samconfig.toml."""

import re
from pathlib import Path

import pytest

from backup_reporter.cli.samconfig import SamConfig, SamConfigError, parse_samconfig, renew_samconfig
from backup_reporter.cli.template_parameters import read_parameters

REPOSITORY = Path(__file__).parents[3]

CONFIG = SamConfig(stack="backups", region="eu-central-1", parameters={"Notify": "changes", "EmailTo": "a@b.c, d@e.f"})


def test_what_is_written_is_read_again() -> None:
    assert parse_samconfig(renew_samconfig("", CONFIG)) == CONFIG


def test_sam_cli_reads_the_same_parameters() -> None:
    lines = renew_samconfig("", CONFIG).splitlines()
    assert "[default.deploy.parameters]" in lines
    assert '    "Notify=changes",' in lines
    assert '    "EmailTo=\\"a@b.c, d@e.f\\"",' in lines


def test_comments_and_what_was_not_asked_stay() -> None:
    before = '# mine\nversion = 0.1\n\n[default.deploy.parameters]\ns3_bucket = "ours"  # shared\nprofile = "old"\n'
    after = renew_samconfig(before, CONFIG)
    assert "# mine" in after
    assert 's3_bucket = "ours"  # shared' in after
    assert "resolve_s3" not in after, "SAM CLI takes only one of the two"
    assert "profile" not in after


@pytest.mark.parametrize(
    "text",
    [
        'parameter_overrides = "Notify=changes EmailTo=\\"a@b.c, d@e.f\\""',
        'parameter_overrides = \'Notify="changes" EmailTo="a@b.c, d@e.f"\'',
        'parameter_overrides = ["Notify=changes", "EmailTo=\\"a@b.c, d@e.f\\""]',
    ],
)
def test_every_form_that_sam_cli_writes_is_read(text: str) -> None:
    read = parse_samconfig(f"[default.deploy.parameters]\n{text}\n")
    assert read.parameters == CONFIG.parameters


def test_values_for_all_commands_count_unless_those_for_deploying_differ() -> None:
    text = '[default.global.parameters]\nregion = "a"\nprofile = "p"\n[default.deploy.parameters]\nregion = "b"\n'
    read = parse_samconfig(text)
    assert (read.region, read.profile) == ("b", "p")


def test_a_broken_file_is_named() -> None:
    with pytest.raises(SamConfigError, match=r"samconfig\.toml is not valid TOML: "):
        parse_samconfig("[default")


def test_the_example_is_what_the_template_takes() -> None:
    example = parse_samconfig((REPOSITORY / "samconfig.example.toml").read_text())
    parameters = read_parameters(REPOSITORY / "template.yaml")
    assert example.stack == "palette-backup-reporter"
    assert {name: parameters[name].problem(value) for name, value in example.parameters.items()} == dict.fromkeys(
        example.parameters
    )
    commented = re.findall(r'# "([A-Za-z]+)=', (REPOSITORY / "samconfig.example.toml").read_text())
    assert set(commented) <= set(parameters)
