"""The build: writes the contract in Python and puts the component and its list of parts beside it.

In the repository they come from the folders above. In a source distribution they are there already.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
PACKAGE = HERE / "src" / "wecom_connector"
SBOM = HERE / "wecom-connector.cdx.json"  # only in a source distribution


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if contract := source("WECOM_CONNECTOR_CONTRACT", "contract/contract.json"):
            sys.path.insert(0, str(HERE))
            from build_types import generate

            text, contract_version = generate(contract)
            if contract_version != self.metadata.version:
                raise SystemExit(f"the contract is {contract_version}, the package {self.metadata.version}")
            (PACKAGE / "_contract.py").write_text(text, encoding="utf-8")

        component = PACKAGE / "wecom-connector.wasm"
        if given := source("WECOM_CONNECTOR_WASM", "target/wecom-connector.wasm"):
            shutil.copyfile(given, component)
        elif not component.is_file():
            raise SystemExit("no component: run `make component` in the repository, or set WECOM_CONNECTOR_WASM")

        # `make dist` makes it; a package for one's own use does without.
        sbom = SBOM if SBOM.is_file() else source("WECOM_CONNECTOR_SBOM", "dist/wecom-connector.cdx.json")
        if sbom and self.target_name == "wheel":
            build_data["sbom_files"].append(str(sbom))
        elif sbom:
            build_data["force_include"][str(sbom)] = SBOM.name


def source(variable: str, path: str) -> Path | None:
    """The file that a variable names, or that of the repository."""
    given = Path(os.environ.get(variable) or HERE / "../.." / path)
    return given if given.is_file() else None
