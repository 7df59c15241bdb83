"""The bill of materials that every build writes into the function's package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SBOM = Path(__file__).parents[2] / "src/sbom.py"
INSTALLED = {
    "alpha_one": "License-Expression: MIT OR Apache-2.0\nRequires-Dist: beta (>=1)\nRequires-Dist: gamma ; extra == 'all'\n",
    "beta": "License: BSD\n",
    "gamma": f"License: {'All rights. ' * 40}\nClassifier: License :: OSI Approved :: MIT License\nClassifier: Topic :: X\n",
    "delta": "",
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
        "install": [
            {
                "metadata": {"name": name, "version": "2.0"},
                "download_info": {
                    "url": f"https://registry.internal.example/{name}.whl",
                    "archive_info": {"hashes": {"sha256": f"{number:064x}"}},
                },
            }
            for number, name in enumerate(INSTALLED)
        ]
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    return tmp_path


def bill(built: Path) -> str:
    arguments = [built / "package", built / "report.json", built / "__init__.py"]
    return subprocess.run([sys.executable, SBOM, *arguments], capture_output=True, text=True, check=True).stdout


def test_the_bill_lists_every_distribution_with_version_hash_and_what_it_says_of_its_license(built: Path) -> None:
    document: dict[str, Any] = json.loads(bill(built))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"])
    assert document["metadata"]["component"]["version"] == "1.2.3"
    components = {one["purl"]: one for one in document["components"]}
    assert sorted(components) == [f"pkg:pypi/{name}@2.0" for name in ("alpha-one", "beta", "delta", "gamma")]
    assert components["pkg:pypi/beta@2.0"]["hashes"] == [{"alg": "SHA-256", "content": f"{1:064x}"}]
    assert {purl.split("/")[1].split("@")[0]: one["licenses"] for purl, one in components.items()} == {
        "alpha-one": [{"expression": "MIT OR Apache-2.0"}],
        "beta": [{"license": {"name": "BSD"}}],
        "delta": [],
        "gamma": [{"license": {"name": "MIT License"}}],
    }


def test_the_bill_says_what_needs_what_and_refers_only_to_what_is_in_it(built: Path) -> None:
    document = json.loads(bill(built))
    needs = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert needs["pkg:pypi/alpha-one@2.0"] == ["pkg:pypi/beta@2.0"], "an extra that nobody asked for is none of it"
    known = {one["bom-ref"] for one in [*document["components"], document["metadata"]["component"]]}
    assert set(needs) == known
    assert set().union(*needs.values()) <= known


def test_the_same_packages_give_the_same_bill_and_it_names_no_registry(built: Path) -> None:
    assert bill(built) == bill(built)
    assert "registry.internal.example" not in bill(built)


def test_something_that_pip_did_not_install_is_no_package_to_ship(built: Path) -> None:
    stowaway = built / "package" / "stowaway-1.0.dist-info"
    stowaway.mkdir()
    (stowaway / "METADATA").write_text("Metadata-Version: 2.4\nName: stowaway\nVersion: 1.0\n")
    with pytest.raises(subprocess.CalledProcessError):
        bill(built)
