"""The build: writes the contract in Python and puts the component beside it.

In the repository both come from the folders above. In a source distribution they are there already.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
PACKAGE = HERE / "src" / "wecom_connector"
CONTRACT = HERE / "../../contract/contract.json"
COMPONENT = HERE / "../../target/wecom-connector.wasm"


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        contract = Path(os.environ.get("WECOM_CONNECTOR_CONTRACT") or CONTRACT)
        if contract.is_file():
            sys.path.insert(0, str(HERE))
            from build_types import generate

            text, contract_version = generate(contract)
            if contract_version != self.metadata.version:
                raise SystemExit(f"the contract is {contract_version}, the package {self.metadata.version}")
            (PACKAGE / "_contract.py").write_text(text, encoding="utf-8")

        given = os.environ.get("WECOM_CONNECTOR_WASM")
        source = Path(given) if given else COMPONENT
        target = PACKAGE / "wecom-connector.wasm"
        if given or source.is_file():
            shutil.copyfile(source, target)
        elif not target.is_file():
            raise SystemExit("no component: run `make component` in the repository, or set WECOM_CONNECTOR_WASM")
