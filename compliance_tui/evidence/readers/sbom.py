"""A bill of materials in whichever format it says that it is: CycloneDX or SPDX."""

from typing import BinaryIO

from compliance_tui.evidence.fact import Facts
from compliance_tui.evidence.kind import Kind
from compliance_tui.evidence.readers import cyclonedx, spdx
from compliance_tui.evidence.readers.evaluation import one_log
from compliance_tui.evidence.readers.json_stream import walk
from compliance_tui.evidence.readers.reading import refuse
from compliance_tui.safe.language import message


def read(file: BinaryIO, name: str, kind: Kind) -> Facts:
    """Facts of a bill of materials. Raises InputError ``unreadable-evidence``."""
    bom, document = cyclonedx.Bom(name), spdx.Document(name)
    walk(file, name, bom, document)
    if "bomFormat" in bom.top:
        return bom.facts(kind)
    if "spdxVersion" in document.top or "@context" in document.top:
        return document.facts(kind)
    refuse(name, message("neither CycloneDX (bomFormat) nor SPDX (spdxVersion, @context) in JSON"))


read_files = one_log(read)
