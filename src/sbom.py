"""Writes the software bill of materials (CycloneDX 1.6) of a directory that pip has just installed into.

Called by the makefile beside it: ``python sbom.py DIRECTORY PIP_REPORT INIT_FILE > sbom.cdx.json``. Names, versions,
suppliers and licenses are those of the directory, hashes those that pip checked. Written here rather than with a
library because it runs on the standard library alone, in the Python that builds the function.
https://cyclonedx.org/docs/1.6/json/
https://pip.pypa.io/en/stable/reference/installation-report/
"""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

_APPLICATION = "palette-backup-reporter"
_SPDX_IDS = frozenset(
    [
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Python-2.0",
        "Unlicense",
        "Zlib",
    ]
)
"""Of https://spdx.org/licenses/, those that Python packages use most."""
_SPDX_NAMES = {"Apache License 2.0": "Apache-2.0", "MIT License": "MIT"}


def bill_of_materials(directory: Path, report: Mapping[str, Any], version: str, built_at: datetime) -> dict[str, Any]:
    """Returns the bill: each distribution with version, hash, license, supplier and the others that it needs.

    Raises :class:`KeyError` if the directory has something that pip did not report.
    """
    # Not where things came from: the address of a private registry stays private.
    hashes = {
        _normal(item["metadata"]["name"]): item["download_info"]["archive_info"]["hashes"]["sha256"]
        for item in report["install"]
    }
    installed = {_normal(found.metadata["Name"]): found for found in distributions(path=[str(directory)])}
    refs = {name: f"pkg:pypi/{name}@{found.version}" for name, found in sorted(installed.items())}
    application = f"pkg:pypi/{_APPLICATION}@{version}"
    components = [_component(installed[name], ref, hashes[name]) for name, ref in refs.items()]
    needs = {ref: sorted(set(_needed(refs, installed[name]))) for name, ref in refs.items()}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([application, components])).urn,
        "version": 1,
        "metadata": _metadata(application, version, report["pip_version"], built_at),
        "components": components,
        "dependencies": [
            {"ref": application, "dependsOn": list(refs.values())},
            *({"ref": ref, "dependsOn": needed} for ref, needed in needs.items()),
        ],
    }


def _metadata(application: str, version: str, pip_version: str, built_at: datetime) -> dict[str, Any]:
    return {
        "timestamp": built_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tools": {
            "components": [
                {"type": "application", "name": "pip", "version": pip_version},
                {"type": "application", "name": f"{_APPLICATION} sbom.py", "version": version},
            ]
        },
        "supplier": {"name": _APPLICATION},
        "component": {
            "type": "application",
            "bom-ref": application,
            "name": _APPLICATION,
            "version": version,
            "purl": application,
            "licenses": [{"license": {"id": "Apache-2.0"}}],
        },
    }


def time_of_build(environ: Mapping[str, str], sources: Path) -> datetime:
    """Returns ``SOURCE_DATE_EPOCH`` if it is set, else the time of the newest source file.

    Not the present: a build without changes gives the same package, which is then not deployed again.
    https://reproducible-builds.org/specs/source-date-epoch/
    """
    seconds = environ.get("SOURCE_DATE_EPOCH") or max(path.stat().st_mtime for path in sources.rglob("*.py"))
    return datetime.fromtimestamp(int(seconds), UTC)


def _component(distribution: Distribution, ref: str, sha256: str) -> dict[str, Any]:
    supplier = _supplier(distribution)
    return {
        "type": "library",
        "bom-ref": ref,
        **({"supplier": {"name": supplier}} if supplier else {}),
        "name": distribution.metadata["Name"],
        "version": distribution.version,
        # https://github.com/package-url/purl-spec: PyPI's names are in lower case, with dashes.
        "purl": ref,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "licenses": _licenses(distribution),
    }


def _supplier(distribution: Distribution) -> str:
    """Returns the author's name, or else the maintainer's; an empty text if the distribution names neither."""
    for name in ("Author", "Maintainer", "Author-email", "Maintainer-email"):
        for value in _values(distribution, name):
            # "Name <address>", possibly several; an address alone names no one.
            if found := re.sub(r"\s*<[^>]*>", "", value).replace('"', "").strip():
                return found
    return ""


def _licenses(distribution: Distribution) -> list[dict[str, Any]]:
    """Returns what the distribution says of its license: an SPDX id or expression, a name, or else its classifiers."""
    if expression := _values(distribution, "License-Expression"):
        known = expression[0] in _SPDX_IDS
        return [{"license": {"id": expression[0]}} if known else {"expression": expression[0]}]
    name = "".join(_values(distribution, "License")).strip()
    # Some distributions put the whole text there.
    if name and len(name) <= 60 and "\n" not in name:
        return [_license(name)]
    classifiers = [line for line in _values(distribution, "Classifier") if line.startswith("License :: ")]
    return [_license(line.rpartition(" :: ")[2]) for line in classifiers]


def _license(name: str) -> dict[str, Any]:
    spdx = _SPDX_NAMES.get(name, name)
    return {"license": {"id": spdx} if spdx in _SPDX_IDS else {"name": name}}


def _values(distribution: Distribution, name: str) -> list[str]:
    return distribution.metadata.get_all(name) or []


def _needed(refs: Mapping[str, str], distribution: Distribution) -> Iterator[str]:
    """Yields what it requires of the others, without what only an extra asks for."""
    for requirement in distribution.requires or []:
        name, _, marker = requirement.partition(";")
        ref = refs.get(_normal(re.split(r"[^A-Za-z0-9._-]", name.strip(), maxsplit=1)[0]))
        if ref and "extra ==" not in marker:
            yield ref


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    pip_report, init_file = (Path(path) for path in sys.argv[2:])
    own_version = re.search(r'__version__ = "(.+)"', init_file.read_text("utf-8"))
    if own_version is None:
        raise SystemExit(f"{init_file} has no __version__")
    at = time_of_build(os.environ, init_file.parent)
    print(
        json.dumps(
            bill_of_materials(Path(sys.argv[1]), json.loads(pip_report.read_text("utf-8")), own_version[1], at),
            indent=1,
        )
    )
