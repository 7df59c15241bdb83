"""Writes the software bill of materials (CycloneDX 1.6) of a directory that pip has just installed into.

Called by the makefile beside it: ``python sbom.py DIRECTORY PIP_REPORT INIT_FILE > sbom.cdx.json``. Names, versions
and licenses are what lies in the directory, hashes those that pip checked. Runs on the standard library alone, in
whatever Python builds the function; the same packages always give the same bytes.
https://cyclonedx.org/docs/1.6/json/
https://pip.pypa.io/en/stable/reference/installation-report/
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

_APPLICATION = "palette-backup-reporter"


def bill_of_materials(directory: Path, report: Mapping[str, Any], version: str) -> dict[str, Any]:
    """The bill: every distribution with version, hash, license and what it needs of the others.

    Raises :class:`KeyError` where something lies in the directory that pip has not reported.
    """
    # Where things came from is left out: the address of a registry is nobody's business.
    hashes = {
        _normal(item["metadata"]["name"]): item["download_info"]["archive_info"]["hashes"]["sha256"]
        for item in report["install"]
    }
    installed = {_normal(one.metadata["Name"]): one for one in distributions(path=[str(directory)])}
    refs = {name: f"pkg:pypi/{name}@{one.version}" for name, one in sorted(installed.items())}
    application = f"pkg:pypi/{_APPLICATION}@{version}"
    components = [_component(installed[name], ref, hashes[name]) for name, ref in refs.items()]
    needs = {ref: sorted(set(_among(refs, installed[name]))) for name, ref in refs.items()}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([application, components])).urn,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": application,
                "name": _APPLICATION,
                "version": version,
                "purl": application,
            }
        },
        "components": components,
        "dependencies": [
            {"ref": application, "dependsOn": list(refs.values())},
            *({"ref": ref, "dependsOn": needed} for ref, needed in needs.items()),
        ],
    }


def _component(distribution: Distribution, ref: str, sha256: str) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": ref,
        "name": distribution.metadata["Name"],
        "version": distribution.version,
        # https://github.com/package-url/purl-spec: PyPI's names are in lower case, with dashes.
        "purl": ref,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "licenses": _licenses(distribution),
    }


def _licenses(distribution: Distribution) -> list[dict[str, Any]]:
    """What the distribution says of its license: an SPDX expression, a name, or else its classifiers."""
    if expression := _said(distribution, "License-Expression"):
        return [{"expression": expression[0]}]
    name = "".join(_said(distribution, "License")).strip()
    # Some put the whole text there.
    if name and len(name) <= 60 and "\n" not in name:
        return [{"license": {"name": name}}]
    classifiers = [line for line in _said(distribution, "Classifier") if line.startswith("License :: ")]
    return [{"license": {"name": line.rpartition(" :: ")[2]}} for line in classifiers]


def _said(distribution: Distribution, name: str) -> list[str]:
    return distribution.metadata.get_all(name) or []


def _among(refs: Mapping[str, str], distribution: Distribution) -> Iterator[str]:
    """What it requires of what is there, without what only an extra asks for."""
    for requirement in distribution.requires or []:
        name, _, marker = requirement.partition(";")
        ref = refs.get(_normal(re.split(r"[^A-Za-z0-9._-]", name.strip(), maxsplit=1)[0]))
        if ref and "extra ==" not in marker:
            yield ref


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    pip_report, init_file = (Path(path).read_text("utf-8") for path in sys.argv[2:])
    own_version = re.search(r'__version__ = "(.+)"', init_file)
    if own_version is None:
        raise SystemExit(f"{sys.argv[3]} has no __version__")
    print(json.dumps(bill_of_materials(Path(sys.argv[1]), json.loads(pip_report), own_version[1]), indent=1))
