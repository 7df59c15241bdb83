"""The bill of materials that every build writes into the function's package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SBOM = Path(__file__).parents[2] / "src/sbom.py"
INSTALLED = {
    "alpha_one": "License-Expression: MIT OR Apache-2.0\nRequires-Dist: beta (>=1)\nRequires-Dist: gamma ; extra == 'all'\n",
    "beta": "License: BSD\nAuthor-email: Ada <ada@example.com>, Bo <bo@example.com>\n",
    "gamma": f"License: {'All rights. ' * 40}\nClassifier: License :: OSI Approved :: MIT License\nClassifier: Topic :: X\n",
    "delta": "License-Expression: BSD-3-Clause\nAuthor: Delta Project\n",
    "epsilon": "Author-email: no-name@example.com\n",
    "zeta": "License: Apache License 2.0\n",
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What pip leaves behind: distributions and its report."""
    (tmp_path / "__init__.py").write_text('__version__ = "1.2.3"\n')
    for name, metadata in INSTALLED.items():
        information = tmp_path / "package" / f"{name}-2.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 2.0\n{metadata}")
    report = {
        "pip_version": "26.0",
        "install": [
            {
                "metadata": {"name": name, "version": "2.0"},
                "download_info": {
                    "url": f"https://registry.internal.example/{name}.whl",
                    "archive_info": {"hashes": {"sha256": f"{number:064x}"}},
                },
            }
            for number, name in enumerate(INSTALLED)
        ],
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    return tmp_path


def bill(built: Path, **environment: str) -> str:
    command = [sys.executable, *map(str, (SBOM, built / "package", built / "report.json", built / "__init__.py"))]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def test_the_bill_lists_every_distribution_with_version_hash_and_license(built: Path) -> None:
    document: dict[str, Any] = json.loads(bill(built))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"])
    assert document["metadata"]["component"]["version"] == "1.2.3"
    components = {component["purl"]: component for component in document["components"]}
    names = ("alpha-one", "beta", "delta", "epsilon", "gamma", "zeta")
    assert sorted(components) == [f"pkg:pypi/{name}@2.0" for name in names]
    assert components["pkg:pypi/beta@2.0"]["hashes"] == [{"alg": "SHA-256", "content": f"{1:064x}"}]
    assert {component["name"]: component["licenses"] for component in components.values()} == {
        "alpha_one": [{"expression": "MIT OR Apache-2.0"}],
        "beta": [{"license": {"name": "BSD"}}],
        "delta": [{"license": {"id": "BSD-3-Clause"}}],
        "epsilon": [],
        "gamma": [{"license": {"id": "MIT"}}],
        "zeta": [{"license": {"id": "Apache-2.0"}}],
    }


def test_the_bill_names_its_time_its_tools_and_the_suppliers(built: Path) -> None:
    document = json.loads(bill(built, SOURCE_DATE_EPOCH="1795831200"))
    suppliers = {component["name"]: component.get("supplier", {}).get("name") for component in document["components"]}
    metadata = document["metadata"]

    assert metadata["timestamp"] == "2026-11-28T02:00:00Z"
    assert [(tool["name"], tool["version"]) for tool in metadata["tools"]["components"]] == [
        ("pip", "26.0"),
        ("palette-backup-reporter sbom.py", "1.2.3"),
    ]
    assert metadata["supplier"] == {"name": "palette-backup-reporter"}
    assert (suppliers["beta"], suppliers["delta"]) == ("Ada, Bo", "Delta Project")


def test_the_time_is_that_of_the_newest_source_file_so_that_a_second_build_is_the_same(built: Path) -> None:
    os.utime(built / "__init__.py", (1795831200, 1795831200))

    assert json.loads(bill(built))["metadata"]["timestamp"] == "2026-11-28T02:00:00Z"


def test_the_bill_says_what_needs_what_and_refers_only_to_what_is_in_it(built: Path) -> None:
    document = json.loads(bill(built))
    needs = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
    assert needs["pkg:pypi/alpha-one@2.0"] == ["pkg:pypi/beta@2.0"], "what only an extra needs is left out"
    known = {component["bom-ref"] for component in [*document["components"], document["metadata"]["component"]]}
    assert set(needs) == known
    assert set().union(*needs.values()) <= known


def test_the_same_packages_give_the_same_bill_and_it_names_no_registry(built: Path) -> None:
    assert bill(built) == bill(built)
    assert "registry.internal.example" not in bill(built)


def test_a_package_that_pip_did_not_install_stops_the_build(built: Path) -> None:
    stowaway = built / "package" / "stowaway-1.0.dist-info"
    stowaway.mkdir()
    (stowaway / "METADATA").write_text("Metadata-Version: 2.4\nName: stowaway\nVersion: 1.0\n")
    with pytest.raises(subprocess.CalledProcessError):
        bill(built)
