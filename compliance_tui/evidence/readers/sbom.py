"""A bill of materials in whichever format it says that it is: CycloneDX or SPDX."""

from typing import BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers import cyclonedx, spdx
from compliance_tui.evidence.readers.evaluation import one_log
from compliance_tui.evidence.readers.reading import json_object, refuse
from compliance_tui.safe.language import message


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a bill of materials. Raises InputError ``unreadable-evidence``."""
    document = json_object(file, name)
    if "bomFormat" in document:
        return cyclonedx.facts_of(document, name, kind)
    if "spdxVersion" in document or "@context" in document:
        return spdx.facts_of(document, name, kind)
    refuse(name, message("neither CycloneDX (bomFormat) nor SPDX (spdxVersion, @context) in JSON"))


read_files = one_log(read)
