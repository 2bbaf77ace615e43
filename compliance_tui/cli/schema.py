"""schema: the JSON Schemas of the formats that others write or read."""

from typing import Any

import click

from compliance_tui.cli.settings import print_json

NAMES = ("standard", "assessment", "response", "item", "kind", "trust", "statement", "status", "verify", "facts")


@click.command()
@click.argument("name", type=click.Choice(NAMES))
def schema(name: str) -> None:
    """Print the JSON Schema of a format.

    \b
    Example:
      compliance-tui schema standard > standard.schema.json
    """
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema(name)})


def _schema(name: str) -> dict[str, Any]:
    if name in ("status", "verify", "facts"):
        from compliance_tui.cli.output_schemas import OUTPUTS

        return OUTPUTS[name]
    if name == "standard":
        from compliance_tui.standard.model import Standard as model
    elif name == "kind":
        from compliance_tui.evidence.kind import Kind as model  # type: ignore[assignment]
    elif name == "trust":
        from compliance_tui.trust.policy import Policy as model  # type: ignore[assignment]
    elif name == "statement":
        from compliance_tui.bundle.statement import Statement as model  # type: ignore[assignment]
    else:
        from compliance_tui.assessment import model as models

        model = {"assessment": models.Assessment, "response": models.Response, "item": models.Item}[name]  # type: ignore[assignment]
    return model.model_json_schema(by_alias=True)
