"""schema: the JSON Schemas of the formats that others write or read."""

from typing import TYPE_CHECKING, Any

import click

from compliance_tui.cli.settings import print_json

if TYPE_CHECKING:
    from pydantic import BaseModel

_OUTPUTS = ("status", "verify", "compare", "facts", "standards", "diff", "migrate")
NAMES = ("standard", "translation", "assessment", "response", "item", "kind", "trust", "statement", "state", *_OUTPUTS)


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
    if name in _OUTPUTS:
        from compliance_tui.cli.output_schemas import OUTPUTS

        return OUTPUTS[name]
    if name == "statement":
        from compliance_tui.bundle.predicates import statement_schema

        return statement_schema()
    return _model(name).model_json_schema(by_alias=True)


def _model(name: str) -> "type[BaseModel]":
    if name == "standard":
        from compliance_tui.standard.model import Standard

        return Standard
    if name == "translation":
        from compliance_tui.standard.translation import Translation

        return Translation
    if name == "kind":
        from compliance_tui.evidence.kind import Kind

        return Kind
    if name == "trust":
        from compliance_tui.trust.policy import Policy

        return Policy
    if name == "state":
        from compliance_tui.bundle.state import State

        return State
    from compliance_tui.assessment import model

    models: dict[str, type[BaseModel]] = {"assessment": model.Assessment, "response": model.Response, "item": model.Item}
    return models[name]
