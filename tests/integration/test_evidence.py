"""The evidence of a report, kept by the real handler, recomputes it; and every change to it is noticed."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner

from backup_reporter.cli.main import cli
from backup_reporter.demo.fleet import instructive
from backup_reporter.health.version import RULES_VERSION
from backup_reporter.proof.archive import DirectoryArchive, load
from backup_reporter.proof.verify import Verification, verify
from support.command_line import Done, run_command
from support.lookalike import API_KEY
from support.world import LocalAws, World, small_world


@pytest.fixture(scope="module")
def kept_once(aws_server: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A report on the instructive fleet, and a copy of the bucket on disk."""
    aws_server.reset()
    with small_world(aws_server) as around:
        around.palette.fleet = instructive(datetime.now(UTC))
        aws_server.make_bucket("reports")
        report = around.invoke({}, REPORT_BUCKET="reports")
    directory = tmp_path_factory.mktemp("kept")
    copy_bucket(aws_server, directory)
    return report["reportId"], directory


@pytest.fixture
def kept(kept_once: tuple[str, Path], tmp_path: Path) -> tuple[str, Path]:
    """The same, for a test to change."""
    report_id, directory = kept_once
    return report_id, copytree(directory, tmp_path / "kept")


def copy_bucket(aws: LocalAws, directory: Path) -> None:
    client = aws.client("s3")
    for entry in client.list_objects_v2(Bucket="reports")["Contents"]:
        file = directory / entry["Key"].removeprefix("reports/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(client.get_object(Bucket="reports", Key=entry["Key"])["Body"].read())


def verified(report_id: str, directory: Path) -> Verification:
    archive = DirectoryArchive(directory)
    report = load(archive, report_id)
    assert report
    return verify(archive, report)


def test_a_report_agrees_with_its_own_evidence(kept: tuple[str, Path]) -> None:
    found = verified(*kept)
    assert (found.problems, found.differences) == ((), ())
    assert found.workspaces == 18


def evidence_lines(report_id: str, directory: Path) -> tuple[Path, list[bytes]]:
    (file,) = directory.rglob(f"{report_id}.evidence.jsonl.gz")
    return file, gzip.decompress(file.read_bytes()).splitlines(keepends=True)


def test_a_changed_body_is_named_by_its_line_and_path(kept: tuple[str, Path]) -> None:
    file, lines = evidence_lines(*kept)
    number = next(n for n, line in enumerate(lines) if b'"Failed"' in line)
    lines[number] = lines[number].replace(b'"Failed"', b'"Completed"', 1)
    file.write_bytes(gzip.compress(b"".join(lines)))
    found = verified(*kept)
    path = json.loads(lines[number])["path"]
    assert f"was changed: the body of {path} has another SHA-256." in found.problems[0]
    assert found.problems[0].startswith(f"Line {number + 1} of ")
    assert any("was changed: its SHA-256 is" in problem for problem in found.problems)


@pytest.mark.parametrize("change", ["removed", "moved"])
def test_a_line_that_was_removed_or_moved_is_named(kept: tuple[str, Path], change: str) -> None:
    file, lines = evidence_lines(*kept)
    line = lines.pop(7)
    if change == "moved":
        lines.append(line)
    file.write_bytes(gzip.compress(b"".join(lines)))
    found = verified(*kept)
    assert "Line 8 of " in found.problems[0]
    assert "has the number 8 instead of 7: a line was removed, added or moved." in found.problems[0]


def test_a_line_that_is_nested_too_deeply_is_named(kept: tuple[str, Path]) -> None:
    file, lines = evidence_lines(*kept)
    lines[4] = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"," + lines[4][1:]
    file.write_bytes(gzip.compress(b"".join(lines)))
    assert any(problem.startswith("Line 5 of ") for problem in verified(*kept).problems)


def test_a_line_that_cannot_be_read_is_named_and_no_other_is(kept: tuple[str, Path]) -> None:
    file, lines = evidence_lines(*kept)
    lines[7] = b"{" + lines[7]
    file.write_bytes(gzip.compress(b"".join(lines)))
    named = [problem for problem in verified(*kept).problems if problem.startswith("Line ")]
    assert len(named) == 1
    assert named[0].startswith("Line 8 of ")


def changed_first_line(kept: tuple[str, Path], **fields: object) -> None:
    file, lines = evidence_lines(*kept)
    lines[0] = json.dumps({**json.loads(lines[0]), **fields}).encode() + b"\n"
    file.write_bytes(gzip.compress(b"".join(lines)))


@pytest.mark.parametrize("fields", [{"thresholds": {"grace": "soon"}}, {"request": []}, {"remembered": "eA=="}])
def test_evidence_that_cannot_be_judged_again_is_a_problem_and_no_crash(
    kept: tuple[str, Path], fields: dict[str, object]
) -> None:
    changed_first_line(kept, **fields)
    problems = verified(*kept).problems
    assert any(problem.startswith("It cannot be judged again: ") for problem in problems)
    assert any("was changed: its SHA-256 is" in problem for problem in problems)


def test_a_report_before_it_that_is_no_report_is_a_problem_and_no_crash(kept: tuple[str, Path]) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    for name in ("../../etc/passwd", "somewhere"):
        previous = {"reportId": name, "sha256": "0", "chain": 1}
        file.write_text(json.dumps({**json.loads(file.read_bytes()), "previous": previous}))
        (problem,) = verified(*kept).problems
        assert problem.startswith(f"The report before it cannot be read: '{name}' is not the id of a report")


@pytest.mark.parametrize(
    ("field", "value", "truth"), [("restoreTestMaxAgeDays", 7.0, "null"), ("truncated", True, "false")]
)
def test_a_setting_that_the_report_shows_is_recomputed(
    kept: tuple[str, Path], field: str, value: object, truth: str
) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    file.write_text(json.dumps({**json.loads(file.read_bytes()), field: value}))
    said = json.dumps(value)
    assert verified(*kept).differences == (f"{field}: the report says {said}, the evidence gives {truth}",)


def change_report(kept: tuple[str, Path], **fields: object) -> Path:
    """Sets fields of the report, and names the evidence's SHA-256 as it is now, as one would who hides a change."""
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    (evidence,) = directory.rglob(f"{report_id}.evidence.jsonl.gz")
    report = {**json.loads(file.read_bytes()), **fields}
    report["evidence"]["sha256"] = hashlib.sha256(evidence.read_bytes()).hexdigest()
    file.write_text(json.dumps(report))
    return file


def test_a_report_of_another_version_of_the_rules_is_judged_by_those_of_today_and_that_is_said(
    kept: tuple[str, Path],
) -> None:
    changed_first_line(kept, rulesVersion=1)
    change_report(kept, rulesVersion=1)
    found = verified(*kept)
    assert found.agrees
    (remark,) = found.remarks
    assert remark.startswith(
        f"The report was judged by version 1 of the rules, and recomputed by version {RULES_VERSION}"
    )


def test_a_report_cannot_blame_a_difference_on_other_rules_than_its_evidence_names(kept: tuple[str, Path]) -> None:
    change_report(kept, rulesVersion=RULES_VERSION + 1)
    assert verified(*kept).problems == (
        f"The evidence was judged by version {RULES_VERSION} of the rules, and the report says version {RULES_VERSION + 1}.",
    )


def test_a_report_cannot_be_dated_back(kept: tuple[str, Path]) -> None:
    change_report(kept, generatedAt="2026-01-01T07:00:00Z")
    (problem,) = verified(*kept).problems
    assert problem.endswith("and the report says that it was made at 2026-01-01T07:00:00Z.")


@pytest.mark.parametrize("lines", [b"", b"\n"])
def test_empty_evidence_recomputes_nothing_even_if_the_report_names_its_hash(
    kept: tuple[str, Path], lines: bytes
) -> None:
    file, _ = evidence_lines(*kept)
    file.write_bytes(gzip.compress(lines))
    change_report(kept)
    found = verified(*kept)
    assert not found.agrees
    assert found.problems


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b'"schemaVersion":1', b'"verdict":"all good","schemaVersion":1', "verdict"),
        (b'\n{"tenant":null', b'\n{"says":"all good","tenant":null', "workspaces[0].says"),
    ],
)
def test_what_the_file_says_beside_the_report_is_named(
    kept: tuple[str, Path], old: bytes, new: bytes, place: str
) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))
    assert verified(*kept).problems == (f"The file says in {place} what is not read as part of the report.",)


def test_a_workspace_that_only_other_programs_read_is_named(kept: tuple[str, Path]) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    *lines, workspace, end = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([*lines, workspace + b",", b" " + workspace.replace(b"CRITICAL", b"OK"), end]))
    assert len(json.loads(file.read_bytes())["workspaces"]) == 19
    assert verified(*kept).problems == ("The file says in workspaces what is not read as part of the report.",)


@pytest.mark.parametrize("field", [b'"whatIf":false', b'"workspaces":[]', b'"notes":[]'])
def test_a_field_that_the_file_has_twice_is_named(kept: tuple[str, Path], field: bytes) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    content = file.read_bytes()
    file.write_bytes(content.removesuffix(b"}") + b"," + field + b"}")
    name = field.decode().split(":")[0].strip('"')
    assert (
        f"The file is not JSON as a report is written: it has '{name}' twice in one place." in verified(*kept).problems
    )


def test_a_workspace_that_is_in_the_report_twice_is_named(kept: tuple[str, Path]) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    first, workspace, *others = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([first, workspace, workspace, *others]))
    (difference,) = verified(*kept).differences
    assert difference.endswith(": is in the report twice")


def test_a_report_of_an_older_version_may_lack_fields(kept: tuple[str, Path]) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    report = json.loads(file.read_bytes())
    del report["restoreTestMaxAgeDays"], report["truncated"]
    file.write_text(json.dumps(report))
    assert verified(*kept).agrees


def test_a_report_that_was_copied_over_another_is_named(kept: tuple[str, Path]) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    other = file.with_stem(f"{report_id[:17]}ffffffff")
    other.write_bytes(file.read_bytes())
    (problem,) = verified(other.stem, directory).problems
    assert problem == f"The file {other.stem} holds the report {report_id}: it was moved or copied."


def test_evidence_without_its_first_line_is_said_to_be_no_use(kept: tuple[str, Path]) -> None:
    file, lines = evidence_lines(*kept)
    file.write_bytes(gzip.compress(b"".join(lines[1:])))
    change_report(kept)
    assert (
        "The evidence has no line that says what judged: the report cannot be recomputed." in verified(*kept).problems
    )


@pytest.mark.parametrize("position", [5, -200, -1])
def test_any_byte_of_the_evidence_counts(kept: tuple[str, Path], position: int) -> None:
    file, _ = evidence_lines(*kept)
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)
    assert any("was changed: its SHA-256 is" in problem for problem in verified(*kept).problems)


def test_a_changed_verdict_is_named_field_by_field(kept: tuple[str, Path]) -> None:
    report_id, directory = kept
    (file,) = directory.rglob(f"{report_id}.json")
    report = json.loads(file.read_bytes())
    ledger = next(workspace for workspace in report["workspaces"] if workspace["name"] == "ledger")
    assert ledger["status"] == "CRITICAL"
    ledger["status"], report["summary"]["critical"] = "OK", 0
    file.write_text(json.dumps(report))
    found = verified(report_id, directory)
    assert found.problems == ()
    assert 'workspaces[ledger].status: the report says "OK", the evidence gives "CRITICAL"' in found.differences
    assert any(difference.startswith("summary.critical: the report says 0,") for difference in found.differences)


def test_evidence_that_is_gone_is_a_problem(kept: tuple[str, Path]) -> None:
    file, _ = evidence_lines(*kept)
    file.unlink()
    (problem,) = verified(*kept).problems
    assert problem.endswith("evidence.jsonl.gz is not kept: it was removed, it has expired, or this copy lacks it.")


def test_the_evidence_holds_no_secret(kept: tuple[str, Path]) -> None:
    _, lines = evidence_lines(*kept)
    assert API_KEY.encode() not in b"".join(lines)
    assert json.loads(lines[0])["rulesVersion"] == RULES_VERSION


def test_a_bucket_that_refuses_the_evidence_costs_only_that(around: World, aws: LocalAws) -> None:
    report = around.invoke({}, REPORT_BUCKET="not-there")
    assert report["evidence"] is None
    assert report["status"] == "CRITICAL"
    assert any(note.startswith("The evidence of this report could not be kept: ") for note in report["notes"])


def test_no_evidence_is_kept_if_the_settings_say_so(around: World, aws: LocalAws) -> None:
    aws.make_bucket("reports")
    report = around.invoke({}, REPORT_BUCKET="reports", KEEP_EVIDENCE="no")
    assert (report["evidence"], report["notes"]) == (None, [])


@pytest.fixture(scope="module")
def three_days_once(aws_server: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three regular reports and one on demand that no channel gets, in a copy of the bucket."""
    aws_server.reset()
    with small_world(aws_server) as around:
        aws_server.make_bucket("reports")
        for day in ("24", "25", "26"):
            around.invoke({"scheduledTime": f"2026-11-{day}T07:00:00Z"}, REPORT_BUCKET="reports")
        around.invoke({"notify": "never"}, REPORT_BUCKET="reports")
    directory = tmp_path_factory.mktemp("three_days")
    copy_bucket(aws_server, directory)
    return directory


@pytest.fixture
def three_days(three_days_once: Path, tmp_path: Path) -> Path:
    """The same, for a test to change."""
    return copytree(three_days_once, tmp_path / "three_days")


def run_verify(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["verify", *arguments], standalone_mode=False)
    return done.return_value, done.output


def period(directory: Path) -> tuple[str, ...]:
    return ("--from", "2026-11-24", "--to", f"{datetime.now(UTC):%Y-%m-%d}", "--directory", str(directory))


def test_a_period_is_verified_in_one_command(three_days: Path) -> None:
    code, output = run_verify(*period(three_days))
    assert code == 0, output
    assert output.count("2 workspaces recomputed, everything agrees") == 4
    assert "✓ the chain of 3 reports is unbroken" in output
    (newest,) = three_days.glob("2026/11/26/*.json")
    assert f"No report of the next eight days vouches for {newest.stem}: " in output
    assert "Outside the chain (on demand): 1 report." in output
    (page,) = three_days.glob("2026/11/26/*.html")
    assert "Recomputable: evidence kept; report 3 of its chain." in page.read_text()


def test_the_bucket_is_read_as_its_copy_is(around: World, aws: LocalAws, three_days: Path, tmp_path: Path) -> None:
    aws.make_bucket("reports")
    for path in (path for path in three_days.rglob("*") if path.is_file()):
        key = f"reports/{path.relative_to(three_days)}"
        aws.client("s3").put_object(Bucket="reports", Key=key, Body=path.read_bytes())
    environment = {name: value for name, value in around.environment.items() if name.startswith("AWS_")}
    environment |= {"REPORT_BUCKET": "reports", "NOTIFY": "an invalid setting that neither command needs"}

    def run(*arguments: str) -> Done:
        return run_command(*arguments, environment=environment, directory=tmp_path)

    days = ("--from", "2026-11-24", "--to", "2026-11-26")
    (file,) = three_days.glob("2026/11/26/*.json")
    for which in (days, (file.stem,)):
        assert run("verify", *which).returncode == 0
    record = run("audit", *days)
    assert record.stdout.startswith("# Backup record, 24 November 2026 to 26 November 2026")
    assert record.stdout == run("audit", *days, "--directory", str(three_days)).stdout


def test_a_removed_report_breaks_the_chain(three_days: Path) -> None:
    (removed,) = three_days.glob("2026/11/25/*.json")
    removed.unlink()
    code, output = run_verify(*period(three_days))
    assert code == 1
    assert output.count(removed.stem) == 1
    assert f"names {removed.stem} before it, which is not kept: a report is missing." in output


def test_a_changed_report_breaks_the_chain(three_days: Path) -> None:
    (changed,) = three_days.glob("2026/11/25/*.json")
    changed.write_bytes(changed.read_bytes().replace(b'"status":"CRITICAL"', b'"status":"OK"', 1))
    code, output = run_verify(*period(three_days))
    assert code == 1
    assert f"{changed.stem} was changed after " in output
    assert f"✗ {changed.stem}: status: the report says" in output


def test_the_report_before_the_period_is_looked_at_too(three_days: Path) -> None:
    (before,) = three_days.glob("2026/11/24/*.json")
    before.write_bytes(before.read_bytes() + b"\n")
    code, output = run_verify("--from", "2026-11-25", "--to", "2026-11-26", "--directory", str(three_days))
    assert code == 1
    assert output.count(f"The report before it, {before.stem}, was changed since.") == 1


def test_a_copy_of_a_period_need_not_hold_the_report_before_it(three_days: Path) -> None:
    (before,) = three_days.glob("2026/11/24/*.json")
    before.unlink()
    code, output = run_verify("--from", "2026-11-25", "--to", "2026-11-26", "--directory", str(three_days))
    assert code == 0, output
    said = f"  The report before the period, {before.stem}, is not kept here: whether it is as it was is not known.\n"
    assert output.count(said) == 1
    (first,) = three_days.glob("2026/11/25/*.json")
    code, output = run_verify(first.stem, "--directory", str(three_days))
    assert code == 1
    assert f"✗ {first.stem}: The report before it, {before.stem}, is not kept: it was removed, " in output


def test_the_report_after_the_period_vouches_for_its_last(three_days: Path) -> None:
    days = ("--from", "2026-11-24", "--to", "2026-11-25", "--directory", str(three_days))
    code, output = run_verify(*days)
    assert (code, "vouches" in output) == (0, False)
    (last,) = three_days.glob("2026/11/25/*.json")
    (after,) = three_days.glob("2026/11/26/*.json")
    last.write_bytes(last.read_bytes().replace(b'"status":"delivered"', b'"status":"duplicate"', 1))
    code, output = run_verify(*days)
    assert code == 1
    assert f"✗ {last.stem}: It was changed after {after.stem} was made, which names another SHA-256 of it." in output


def test_a_report_that_was_cut_from_the_end_of_a_period_is_missed_by_the_one_after_it(three_days: Path) -> None:
    (left,) = three_days.glob("2026/11/24/*.json")
    (cut,) = three_days.glob("2026/11/25/*.json")
    (after,) = three_days.glob("2026/11/26/*.json")
    cut.unlink()
    problem = (
        f"The report after it, {after.stem}, names another one before it: {cut.stem} is not kept, or cannot be read."
    )
    for which in (("--from", "2026-11-24", "--to", "2026-11-25"), (left.stem,)):
        code, output = run_verify(*which, "--directory", str(three_days))
        assert code == 1
        assert f"✗ {left.stem}: {problem}" in output


def test_one_file_is_enough_to_verify_a_report(three_days: Path) -> None:
    (file,) = three_days.glob("2026/11/25/*.json")
    code, output = run_verify(str(file))
    assert (code, output) == (0, f"✓ {file.stem}: 2 workspaces recomputed, everything agrees\n")


def test_of_the_newest_report_it_is_said_that_none_vouches_for_it(three_days: Path) -> None:
    (file,) = three_days.glob("2026/11/26/*.json")
    code, output = run_verify(file.stem, "--directory", str(three_days))
    assert code == 0
    assert f"No report of the next eight days vouches for {file.stem}: " in output


def test_a_change_of_what_is_not_recomputed_is_found_by_the_report_after_it(three_days: Path) -> None:
    (changed,) = three_days.glob("2026/11/25/*.json")
    (after,) = three_days.glob("2026/11/26/*.json")
    changed.write_bytes(changed.read_bytes().replace(b'"status":"delivered"', b'"status":"duplicate"', 1))
    code, output = run_verify(changed.stem, "--directory", str(three_days))
    assert (code, output) == (
        1,
        f"✗ {changed.stem}: It was changed after {after.stem} was made, which names another SHA-256 of it.\n",
    )


def test_a_report_and_its_evidence_can_lie_beside_each_other(three_days: Path, tmp_path: Path) -> None:
    flat = tmp_path / "mail"
    flat.mkdir()
    (report,) = three_days.glob("2026/11/24/*.json")
    (evidence,) = three_days.glob("2026/11/24/*.gz")
    for file in (report, evidence):
        (flat / file.name).write_bytes(file.read_bytes())
    assert run_verify(str(flat / report.name))[0] == 0


def test_a_file_of_any_name_is_verified_with_the_copy_that_is_named(three_days: Path, tmp_path: Path) -> None:
    (report,) = three_days.glob("2026/11/25/*.json")
    (tmp_path / "november").write_bytes(report.read_bytes())
    assert run_verify(str(tmp_path / "november"), "--directory", str(three_days))[0] == 0
    alone = run_command("verify", str(tmp_path / "november"), environment={}, directory=Path())
    assert "evidence.jsonl.gz is not kept: it was removed, it has expired, or this copy lacks it." in alone.stdout


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nothing.json", "is neither a file nor the id of a report"),
        ("20261124T070000Z-123", "is neither a file nor the id of a report"),
        ("s3://reports/2026/11/24/a.json", "is neither a file nor the id of a report"),
        ("docs", "is a directory"),
        ("README.md", "ends in .md"),
    ],
)
def test_what_is_no_report_is_said_with_what_to_give(name: str, problem: str) -> None:
    done = run_command("verify", name, environment={}, directory=Path())
    assert done.returncode == 1
    assert f"'{name}' {problem}: give a report's JSON file, or an id such as " in done.stderr


@pytest.mark.parametrize("change", [lambda text: text.replace(b"\n", b"\r\n"), lambda text: b"\xef\xbb\xbf" + text])
def test_a_report_that_was_copied_as_text_says_so(three_days: Path, change: Callable[[bytes], bytes]) -> None:
    (file,) = three_days.glob("2026/11/24/*.json")
    file.write_bytes(change(file.read_bytes()))
    done = run_command("verify", str(file), environment={}, directory=Path())
    assert "an editor, or a copy as text, has changed its line ends or its first bytes" in done.stderr


@pytest.mark.parametrize("command", ["verify", "audit"])
def test_without_credentials_the_commands_say_how_to_sign_in(command: str) -> None:
    days = ("--from", "2026-11-24", "--to", "2026-11-24")
    environment = {
        "REPORT_BUCKET": "reports",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    done = run_command(command, *days, environment=environment, directory=Path())
    assert done.returncode == 1
    assert "NoCredentialsError. Sign in to AWS (aws sso login, aws configure, or AWS_PROFILE)" in done.stderr


NESTED = b'"x":' + b"[" * 100_000 + b"]" * 100_000 + b',"schemaVersion":1'


@pytest.mark.parametrize(
    ("old", "new"), [(b'"truncated":false}', b""), (b'"status":"', b'"status":"\xff'), (b'"schemaVersion":1', NESTED)]
)
def test_a_report_that_cannot_be_read_is_a_problem_and_the_others_are_verified(
    three_days: Path, old: bytes, new: bytes
) -> None:
    (damaged,) = three_days.glob("2026/11/25/*.json")
    damaged.write_bytes(damaged.read_bytes().replace(old, new))
    code, output = run_verify(*period(three_days))
    assert code == 1
    assert f"✗ {damaged.stem}: the kept report {damaged.stem} cannot be read: " in output
    assert output.count("everything agrees") == 3
    assert f"{damaged.stem} was changed after " in output


def test_a_scheduled_report_that_is_made_again_after_the_next_one_leaves_the_kept_one_as_it_was(
    aws: LocalAws, tmp_path: Path
) -> None:
    aws.make_bucket("reports")
    with small_world(aws) as around:
        events = [{"scheduledTime": f"2026-11-{day}T07:00:00Z"} for day in ("24", "25", "24")]  # the last from a queue
        first, second, again = [around.invoke(event, REPORT_BUCKET="reports") for event in events]
        retried = around.invoke(events[1], invocation_id="another", REPORT_BUCKET="reports")
    copy_bucket(aws, tmp_path)
    code, output = run_verify(*period(tmp_path))
    assert code == 0, output
    assert again["reportId"] not in (first["reportId"], second["reportId"])
    assert again["previous"]["reportId"] == second["reportId"]
    assert retried["previous"]["reportId"] == again["reportId"]
    assert "✓ the chain of 4 reports is unbroken" in output


def test_a_period_without_a_chain_is_not_called_unbroken(three_days: Path) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"  # on it, only the report on demand
    code, output = run_verify("--from", today, "--to", today, "--directory", str(three_days))
    assert code == 0, output
    assert "unbroken" not in output
    assert "Outside the chain (on demand): 1 report." in output


def test_a_copy_of_the_last_report_does_not_count_as_the_one_after_it(three_days: Path) -> None:
    (newest,) = three_days.glob("2026/11/26/*.json")
    copy = newest.with_stem(f"{newest.stem[:-8]}ffffffff")
    copy.write_bytes(newest.read_bytes())
    code, output = run_verify(newest.stem, "--directory", str(three_days))
    assert code == 0, output
    assert f"No report of the next eight days vouches for {newest.stem}: " in output


@pytest.mark.parametrize("field", ["reportId", "previous", "name"])
def test_what_a_file_says_does_not_steer_the_terminal(three_days: Path, field: str) -> None:
    (file,) = three_days.glob("2026/11/26/*.json")
    evil = "\x1b[2K\r✓ everything agrees\n\u202e"
    document = json.loads(file.read_bytes())
    if field == "name":
        document["workspaces"][0]["name"] = evil
    else:
        document[field] = evil if field == "reportId" else {"reportId": evil, "sha256": "0", "chain": 1}
    file.write_text(json.dumps(document))
    for arguments in ((str(file),), period(three_days)):
        done = run_command("verify", *arguments, environment={}, directory=Path())
        said = done.stdout + done.stderr
        assert done.returncode == 1
        assert not {"\x1b", "\r", "\u202e"} & set(said)
        assert not any(line.startswith("✓ everything") for line in said.splitlines())
